// Rules of broadcasts, and pointwise operations before views: what each makes of the smallest graph that shows it.

let broadcastsCases: [RuleCase] = [
  RuleCase(
    "broadcasts",
    """
    %0 = input f32[3]
    %1 = broadcast %0 {shape=[3], axes=[0]} : f32[3]
    %2 = broadcast %1 {shape=[2,3], axes=[1]} : f32[2,3]
    %3 = broadcast %2 {shape=[2,3,4], axes=[0,1]} : f32[2,3,4]
    %4 = broadcast %0 {shape=[1,3,1], axes=[1]} : f32[1,3,1]
    return %3, %4
    """,
    """
    %0 = input f32[3]
    %1 = broadcast %0 {shape=[2,3,4], axes=[1]} : f32[2,3,4]
    %2 = reshape %0 {shape=[1,3,1]} : f32[1,3,1]
    return %1, %2
    """),
  RuleCase(
    "an axis of size 1 added and stretched",
    """
    %0 = input f32[3]
    %1 = reshape %0 {shape=[3,1]} : f32[3,1]
    %2 = broadcast %1 {shape=[3,5], axes=[0,1]} : f32[3,5]
    %3 = reshape %2 {shape=[3,1,5]} : f32[3,1,5]
    return %2, %3
    """,
    """
    %0 = input f32[3]
    %1 = broadcast %0 {shape=[3,5], axes=[0]} : f32[3,5]
    %2 = broadcast %0 {shape=[3,1,5], axes=[0]} : f32[3,1,5]
    return %1, %2
    """),
  RuleCase(
    "a stretched axis is dropped and added",
    """
    %0 = input f32[3,1]
    %1 = broadcast %0 {shape=[3,5], axes=[0,1]} : f32[3,5]
    return %1
    """,
    """
    %0 = input f32[3,1]
    %1 = reshape %0 {shape=[3]} : f32[3]
    %2 = broadcast %1 {shape=[3,5], axes=[0]} : f32[3,5]
    return %2
    """),
  RuleCase(
    "a transpose of a broadcast",
    """
    %0 = input f32[3]
    %1 = broadcast %0 {shape=[2,3], axes=[1]} : f32[2,3]
    %2 = transpose %1 {permutation=[1,0]} : f32[3,2]
    return %2
    """,
    """
    %0 = input f32[3]
    %1 = broadcast %0 {shape=[3,2], axes=[0]} : f32[3,2]
    return %1
    """),
  RuleCase(
    "pointwise before a broadcast",
    """
    %0 = input f32[3]
    %1 = input f32[3]
    %2 = constant {value=array f32[] (2.0)} : f32[]
    %3 = broadcast %0 {shape=[4,3], axes=[1]} : f32[4,3]
    %4 = broadcast %1 {shape=[4,3], axes=[1]} : f32[4,3]
    %5 = broadcast %2 {shape=[4,3], axes=[]} : f32[4,3]
    %6 = add %3 %4 : f32[4,3]
    %7 = multiply %5 %6 : f32[4,3]
    return %7
    """,
    """
    %0 = input f32[3]
    %1 = input f32[3]
    %2 = add %0 %1 : f32[3]
    %3 = constant {value=array f32[] (2.0)} : f32[]
    %4 = broadcast %3 {shape=[3], axes=[]} : f32[3]
    %5 = multiply %4 %2 : f32[3]
    %6 = broadcast %5 {shape=[4,3], axes=[1]} : f32[4,3]
    return %6
    """),
  RuleCase(
    "pointwise before the part of broadcasts that is common",
    """
    %0 = input f32[3]
    %1 = input f32[5]
    %2 = broadcast %0 {shape=[4,3,5], axes=[1]} : f32[4,3,5]
    %3 = broadcast %1 {shape=[4,3,5], axes=[2]} : f32[4,3,5]
    %4 = add %2 %3 : f32[4,3,5]
    return %4
    """,
    """
    %0 = input f32[3]
    %1 = input f32[5]
    %2 = broadcast %0 {shape=[3,5], axes=[0]} : f32[3,5]
    %3 = broadcast %1 {shape=[3,5], axes=[1]} : f32[3,5]
    %4 = add %2 %3 : f32[3,5]
    %5 = broadcast %4 {shape=[4,3,5], axes=[1,2]} : f32[4,3,5]
    return %5
    """),
  RuleCase(
    "pointwise before a reshape and a transpose",
    """
    %0 = input f32[2,3]
    %1 = input f32[2,3]
    %2 = constant {value=array f32[] (2.0)} : f32[]
    %3 = broadcast %2 {shape=[3,2], axes=[]} : f32[3,2]
    %4 = transpose %0 {permutation=[1,0]} : f32[3,2]
    %5 = transpose %1 {permutation=[1,0]} : f32[3,2]
    %6 = add %4 %5 : f32[3,2]
    %7 = multiply %6 %3 : f32[3,2]
    %8 = reshape %7 {shape=[6]} : f32[6]
    %9 = tanh %8 : f32[6]
    return %9
    """,
    """
    %0 = input f32[2,3]
    %1 = input f32[2,3]
    %2 = add %0 %1 : f32[2,3]
    %3 = constant {value=array f32[] (2.0)} : f32[]
    %4 = broadcast %3 {shape=[2,3], axes=[]} : f32[2,3]
    %5 = multiply %2 %4 : f32[2,3]
    %6 = tanh %5 : f32[2,3]
    %7 = transpose %6 {permutation=[1,0]} : f32[3,2]
    %8 = reshape %7 {shape=[6]} : f32[6]
    return %8
    """),
  RuleCase(
    "pointwise of broadcasts that differ stays",
    """
    %0 = input f32[3]
    %1 = input f32[5]
    %2 = broadcast %0 {shape=[3,5], axes=[0]} : f32[3,5]
    %3 = broadcast %1 {shape=[3,5], axes=[1]} : f32[3,5]
    %4 = add %2 %3 : f32[3,5]
    return %4
    """),
]
