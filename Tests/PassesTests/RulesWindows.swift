// Rules of windows and folds: what each makes of the smallest graph that shows it.

let windowsCases: [RuleCase] = [
  RuleCase(
    "the fold of a product is a convolution with the kernel flipped",
    """
    %0 = input f32[2,5,4]
    %1 = input f32[3,6,4]
    %2 = contract %0 %1 {lhsBatch=[], rhsBatch=[], lhs=[2], rhs=[2]} : f32[2,5,3,6]
    %3 = fold %2 {axes=[1], sizes=[3], strides=[1], dilations=[1], extents=[7]} : f32[2,7,6]
    return %3
    """,
    """
    %0 = input f32[2,5,4]
    %1 = input f32[3,6,4]
    %2 = constant {value=array f32[] (0.0)} : f32[]
    %3 = pad %0 %2 {low=[0,2,0], high=[0,2,0], interior=[0,0,0]} : f32[2,9,4]
    %4 = windows %3 {axes=[1], sizes=[3], strides=[1], dilations=[1]} : f32[2,7,3,4]
    %5 = reverse %1 {axes=[0]} : f32[3,6,4]
    %6 = contract %4 %5 {lhsBatch=[], rhsBatch=[], lhs=[2,3], rhs=[0,2]} : f32[2,7,6]
    return %6
    """),
  RuleCase(
    "with the kernel on the left, and steps within a window",
    """
    %0 = input f32[3,6,4]
    %1 = input f32[2,5,4]
    %2 = contract %0 %1 {lhsBatch=[], rhsBatch=[], lhs=[2], rhs=[2]} : f32[3,6,2,5]
    %3 = transpose %2 {permutation=[2,3,0,1]} : f32[2,5,3,6]
    %4 = fold %3 {axes=[1], sizes=[3], strides=[1], dilations=[2], extents=[9]} : f32[2,9,6]
    return %4
    """,
    """
    %0 = input f32[3,6,4]
    %1 = input f32[2,5,4]
    %2 = constant {value=array f32[] (0.0)} : f32[]
    %3 = pad %1 %2 {low=[0,4,0], high=[0,4,0], interior=[0,0,0]} : f32[2,13,4]
    %4 = windows %3 {axes=[1], sizes=[3], strides=[1], dilations=[2]} : f32[2,9,3,4]
    %5 = reverse %0 {axes=[0]} : f32[3,6,4]
    %6 = contract %4 %5 {lhsBatch=[], rhsBatch=[], lhs=[2,3], rhs=[0,2]} : f32[2,9,6]
    return %6
    """),
  RuleCase(
    "along several axes, under a batch axis, and transposed",
    """
    %0 = input f32[8,2,5,3,4]
    %1 = input f32[8,2,3,6,4]
    %2 = contract %0 %1 {lhsBatch=[0], rhsBatch=[0], lhs=[4], rhs=[4]} : f32[8,2,5,3,2,3,6]
    %3 = transpose %2 {permutation=[1,2,0,3,4,5,6]} : f32[2,5,8,3,2,3,6]
    %4 = fold %3 {axes=[1,3], sizes=[2,3], strides=[1,1], dilations=[3,1], extents=[8,5]} : f32[2,8,8,5,6]
    return %4
    """,
    """
    %0 = input f32[8,2,5,3,4]
    %1 = input f32[8,2,3,6,4]
    %2 = constant {value=array f32[] (0.0)} : f32[]
    %3 = pad %0 %2 {low=[0,0,3,2,0], high=[0,0,3,2,0], interior=[0,0,0,0,0]} : f32[8,2,11,7,4]
    %4 = windows %3 {axes=[2,3], sizes=[2,3], strides=[1,1], dilations=[3,1]} : f32[8,2,8,5,2,3,4]
    %5 = reverse %1 {axes=[1,2]} : f32[8,2,3,6,4]
    %6 = contract %4 %5 {lhsBatch=[0], rhsBatch=[0], lhs=[4,5,6], rhs=[1,2,4]} : f32[8,2,8,5,6]
    %7 = transpose %6 {permutation=[1,2,0,3,4]} : f32[2,8,8,5,6]
    return %7
    """),
  RuleCase(
    "wider steps stay",
    """
    %0 = input f32[2,5,4]
    %1 = input f32[3,6,4]
    %2 = contract %0 %1 {lhsBatch=[], rhsBatch=[], lhs=[2], rhs=[2]} : f32[2,5,3,6]
    %3 = fold %2 {axes=[1], sizes=[3], strides=[2], dilations=[1], extents=[11]} : f32[2,11,6]
    return %3
    """),
  RuleCase(
    "windows and their elements of one operand stay",
    """
    %0 = input f32[5,3,4]
    %1 = input f32[6,4]
    %2 = contract %0 %1 {lhsBatch=[], rhsBatch=[], lhs=[2], rhs=[1]} : f32[5,3,6]
    %3 = fold %2 {axes=[0], sizes=[3], strides=[1], dilations=[1], extents=[7]} : f32[7,6]
    return %3
    """),
  RuleCase(
    "windows of both operands stay",
    """
    %0 = input f32[5,2,4]
    %1 = input f32[6,3,4]
    %2 = contract %0 %1 {lhsBatch=[], rhsBatch=[], lhs=[2], rhs=[2]} : f32[5,2,6,3]
    %3 = transpose %2 {permutation=[0,2,1,3]} : f32[5,6,2,3]
    %4 = fold %3 {axes=[0,1], sizes=[2,3], strides=[1,1], dilations=[1,1], extents=[6,8]} : f32[6,8]
    return %4
    """),
  RuleCase(
    "windows along a batch axis stay",
    """
    %0 = input f32[5,4]
    %1 = input f32[5,3,4]
    %2 = contract %0 %1 {lhsBatch=[0], rhsBatch=[0], lhs=[1], rhs=[2]} : f32[5,3]
    %3 = fold %2 {axes=[0], sizes=[3], strides=[1], dilations=[1], extents=[7]} : f32[7]
    return %3
    """),
  RuleCase(
    "windowed axes in another order than the operand's stay",
    """
    %0 = input f32[5,6,4]
    %1 = input f32[2,3,4]
    %2 = contract %0 %1 {lhsBatch=[], rhsBatch=[], lhs=[2], rhs=[2]} : f32[5,6,2,3]
    %3 = transpose %2 {permutation=[1,0,2,3]} : f32[6,5,2,3]
    %4 = fold %3 {axes=[0,1], sizes=[2,3], strides=[1,1], dilations=[1,1], extents=[7,7]} : f32[7,7]
    return %4
    """),
]
