// Building, finding and loading libraries, with caches of their own.

import DescentIR
import Foundation
import Testing

@testable import DescentDriver

@Suite struct LoadTests {
  @Test func coldThenWarm() throws {
    let place = try Scratch()
    let cold = try Driver().load(square(), settings: place.settings)
    #expect(!cold.origin.cacheHit && cold.origin.compileSeconds > 0)
    #expect(try call(cold, 3) == 9)
    let warm = try Driver().load(square(), settings: place.settings)
    #expect(warm.origin.cacheHit && warm.origin.compileSeconds == 0)
    #expect(try call(warm, 4) == 16)
    print("cold \(cold.origin), warm \(warm.origin)")
  }
}
