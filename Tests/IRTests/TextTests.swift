import DescentIR
import DescentOps
import Testing

@Test func placeholder() {}
