// Rules of reductions: what each makes of the smallest graph that shows it.

let reductionsCases: [RuleCase] = [
  RuleCase(
    "over nothing",
    """
    %0 = input f32[3]
    %1 = sum %0 {axes=[]} : f32[3]
    %2 = max %1 {axes=[]} : f32[3]
    return %2
    """,
    """
    %0 = input f32[3]
    return %0
    """),
  RuleCase(
    "over axes of size 1",
    """
    %0 = input f32[3,1,4]
    %1 = sum %0 {axes=[1]} : f32[3,4]
    %2 = max %0 {axes=[1,2]} : f32[3]
    return %1, %2
    """,
    """
    %0 = input f32[3,1,4]
    %1 = reshape %0 {shape=[3,4]} : f32[3,4]
    %2 = reshape %0 {shape=[3,4]} : f32[3,4]
    %3 = max %2 {axes=[1]} : f32[3]
    return %1, %3
    """),
  RuleCase(
    "of everything stays, whatever axes are of size 1",
    """
    %0 = input f32[3,1]
    %1 = sum %0 {axes=[0,1]} : f32[]
    return %1
    """),
  RuleCase(
    "of one element",
    """
    %0 = input f32[1,1]
    %1 = sum %0 {axes=[0,1]} : f32[]
    return %1
    """,
    """
    %0 = input f32[1,1]
    %1 = reshape %0 {shape=[]} : f32[]
    return %1
    """),
  RuleCase(
    "of a reduction of the same kind",
    """
    %0 = input f32[3,4,5]
    %1 = sum %0 {axes=[1]} : f32[3,5]
    %2 = sum %1 {axes=[1]} : f32[3]
    %3 = max %2 {axes=[0]} : f32[]
    return %3
    """,
    """
    %0 = input f32[3,4,5]
    %1 = sum %0 {axes=[1,2]} : f32[3]
    %2 = max %1 {axes=[0]} : f32[]
    return %2
    """),
  RuleCase(
    "of a reduction that is used elsewhere stays",
    """
    %0 = input f32[3,4]
    %1 = sum %0 {axes=[1]} : f32[3]
    %2 = sum %1 {axes=[0]} : f32[]
    return %1, %2
    """),
  RuleCase(
    "of a broadcast",
    """
    %0 = input f32[3,5]
    %1 = broadcast %0 {shape=[4,3,7,5], axes=[1,3]} : f32[4,3,7,5]
    %2 = sum %1 {axes=[0,1]} : f32[7,5]
    %3 = max %1 {axes=[0,2,3]} : f32[3]
    %4 = product %1 {axes=[0]} : f32[3,7,5]
    return %2, %3, %4
    """,
    """
    %0 = input f32[3,5]
    %1 = broadcast %0 {shape=[4,3,7,5], axes=[1,3]} : f32[4,3,7,5]
    %2 = sum %0 {axes=[0]} : f32[5]
    %3 = constant {value=array f32[] (4.0)} : f32[]
    %4 = broadcast %3 {shape=[5], axes=[]} : f32[5]
    %5 = multiply %2 %4 : f32[5]
    %6 = broadcast %5 {shape=[7,5], axes=[1]} : f32[7,5]
    %7 = max %0 {axes=[1]} : f32[3]
    %8 = product %1 {axes=[0]} : f32[3,7,5]
    return %6, %7, %8
    """),
  RuleCase(
    "of a reshape",
    """
    %0 = input f32[3,5]
    %1 = reshape %0 {shape=[5,3]} : f32[5,3]
    %2 = sum %1 {axes=[0,1]} : f32[]
    %3 = sum %1 {axes=[0]} : f32[3]
    %4 = reshape %0 {shape=[3,1,5]} : f32[3,1,5]
    %5 = sum %4 {axes=[0]} : f32[1,5]
    return %2, %3, %5
    """,
    """
    %0 = input f32[3,5]
    %1 = reshape %0 {shape=[5,3]} : f32[5,3]
    %2 = sum %0 {axes=[0,1]} : f32[]
    %3 = sum %1 {axes=[0]} : f32[3]
    %4 = sum %0 {axes=[0]} : f32[5]
    %5 = reshape %4 {shape=[1,5]} : f32[1,5]
    return %2, %3, %5
    """),
  RuleCase(
    "of a transpose",
    """
    %0 = input f32[2,3,4]
    %1 = transpose %0 {permutation=[2,1,0]} : f32[4,3,2]
    %2 = sum %1 {axes=[0]} : f32[3,2]
    %3 = sum %1 {axes=[1,2]} : f32[4]
    return %2, %3
    """,
    """
    %0 = input f32[2,3,4]
    %1 = sum %0 {axes=[2]} : f32[2,3]
    %2 = transpose %1 {permutation=[1,0]} : f32[3,2]
    %3 = sum %0 {axes=[0,1]} : f32[4]
    return %2, %3
    """),
  RuleCase(
    "a sum of a negative",
    """
    %0 = input f32[3,5]
    %1 = negate %0 : f32[3,5]
    %2 = sum %1 {axes=[1]} : f32[3]
    return %2
    """,
    """
    %0 = input f32[3,5]
    %1 = sum %0 {axes=[1]} : f32[3]
    %2 = negate %1 : f32[3]
    return %2
    """),
]
