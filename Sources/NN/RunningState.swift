// State that a network keeps beside its weights: read and replaced by layers within one call, returned by whoever made the call.

import DescentIR
import Synchronization

/// A tree of tensors that layers read and replace while a network is called.
///
/// The function that is compiled takes the state as a tree and returns it as one, so it stays a function:
/// ```swift
/// let state = RunningState(before)
/// let y = model(weights, x, Context(isTraining: true, state: state))
/// return (loss(y), state.current)
/// ```
public final class RunningState: Sendable {
  private let tree: Mutex<Weights>

  public init(_ initial: Weights) { tree = Mutex(initial) }

  /// The state with all replacements made so far.
  public var current: Weights { tree.withLock { $0 } }

  fileprivate func replace(_ path: ArraySlice<String>, _ tensor: Tensor) {
    func set(_ tree: inout Weights, _ path: ArraySlice<String>) {
      guard let name = path.first else { return }
      if path.count == 1 {
        tree[name] = tensor
      } else {
        var subtree: Weights = tree[name]
        set(&subtree, path.dropFirst())
        tree[name] = subtree
      }
    }
    tree.withLock { set(&$0, path) }
  }
}

extension Context {
  /// The running state of this name in the layer that was entered; nil where the call has no state.
  public func running(_ name: String) -> Tensor? {
    guard let state else { return nil }
    return path.reduce(state.current) { $0[$1] }[name]
  }
  /// Replaces the running state of this name in the layer that was entered. Calls without state ignore it.
  public func setRunning(_ name: String, _ value: Tensor) { state?.replace((path + [name])[...], value) }
}
