// Rules of contractions: what each makes of the smallest graph that shows it.

let contractionsCases: [RuleCase] = [
  RuleCase(
    "of transposes",
    """
    %0 = input f32[3,2]
    %1 = input f32[4,3]
    %2 = transpose %0 {permutation=[1,0]} : f32[2,3]
    %3 = transpose %1 {permutation=[1,0]} : f32[3,4]
    %4 = contract %2 %3 {lhsBatch=[], rhsBatch=[], lhs=[1], rhs=[0]} : f32[2,4]
    return %4
    """,
    """
    %0 = input f32[3,2]
    %1 = input f32[4,3]
    %2 = contract %0 %1 {lhsBatch=[], rhsBatch=[], lhs=[0], rhs=[1]} : f32[2,4]
    return %2
    """),
  RuleCase(
    "a transpose that changes the order of free axes stays",
    """
    %0 = input f32[3,2,5]
    %1 = input f32[3,4]
    %2 = transpose %0 {permutation=[2,1,0]} : f32[5,2,3]
    %3 = contract %2 %1 {lhsBatch=[], rhsBatch=[], lhs=[2], rhs=[0]} : f32[5,2,4]
    return %3
    """),
  RuleCase(
    "transposed",
    """
    %0 = input f32[2,3]
    %1 = input f32[3,4]
    %2 = contract %0 %1 {lhsBatch=[], rhsBatch=[], lhs=[1], rhs=[0]} : f32[2,4]
    %3 = transpose %2 {permutation=[1,0]} : f32[4,2]
    return %3
    """,
    """
    %0 = input f32[2,3]
    %1 = input f32[3,4]
    %2 = contract %1 %0 {lhsBatch=[], rhsBatch=[], lhs=[0], rhs=[1]} : f32[4,2]
    return %2
    """),
  RuleCase(
    "transposed and used elsewhere stays",
    """
    %0 = input f32[2,3]
    %1 = input f32[3,4]
    %2 = contract %0 %1 {lhsBatch=[], rhsBatch=[], lhs=[1], rhs=[0]} : f32[2,4]
    %3 = transpose %2 {permutation=[1,0]} : f32[4,2]
    return %2, %3
    """),
  RuleCase(
    "batch axes transposed",
    """
    %0 = input f32[6,7,2,3]
    %1 = input f32[6,7,3,4]
    %2 = contract %0 %1 {lhsBatch=[0,1], rhsBatch=[0,1], lhs=[3], rhs=[2]} : f32[6,7,2,4]
    %3 = transpose %2 {permutation=[1,0,3,2]} : f32[7,6,4,2]
    return %3
    """,
    """
    %0 = input f32[6,7,2,3]
    %1 = input f32[6,7,3,4]
    %2 = contract %1 %0 {lhsBatch=[1,0], rhsBatch=[1,0], lhs=[2], rhs=[3]} : f32[7,6,4,2]
    return %2
    """),
  RuleCase(
    "with a scalar",
    """
    %0 = input f32[]
    %1 = input f32[3,4]
    %2 = contract %0 %1 {lhsBatch=[], rhsBatch=[], lhs=[], rhs=[]} : f32[3,4]
    return %2
    """,
    """
    %0 = input f32[]
    %1 = input f32[3,4]
    %2 = broadcast %0 {shape=[3,4], axes=[]} : f32[3,4]
    %3 = multiply %1 %2 : f32[3,4]
    return %3
    """),
  RuleCase(
    "an outer product stays",
    """
    %0 = input f32[3]
    %1 = input f32[4]
    %2 = contract %0 %1 {lhsBatch=[], rhsBatch=[], lhs=[], rhs=[]} : f32[3,4]
    return %2
    """),
  RuleCase(
    "with a splat",
    """
    %0 = input f32[3,4]
    %1 = constant {value=array f32[] (1.0)} : f32[]
    %2 = broadcast %1 {shape=[2,3], axes=[]} : f32[2,3]
    %3 = contract %2 %0 {lhsBatch=[], rhsBatch=[], lhs=[1], rhs=[0]} : f32[2,4]
    return %3
    """,
    """
    %0 = input f32[3,4]
    %1 = sum %0 {axes=[0]} : f32[4]
    %2 = broadcast %1 {shape=[2,4], axes=[1]} : f32[2,4]
    return %2
    """),
  RuleCase(
    "with an operand repeated along a free and a contracting axis",
    """
    %0 = input f32[3]
    %1 = input f32[3,4]
    %2 = broadcast %0 {shape=[2,3], axes=[1]} : f32[2,3]
    %3 = contract %2 %1 {lhsBatch=[], rhsBatch=[], lhs=[1], rhs=[0]} : f32[2,4]
    %4 = input f32[2]
    %5 = broadcast %4 {shape=[2,3], axes=[0]} : f32[2,3]
    %6 = contract %5 %1 {lhsBatch=[], rhsBatch=[], lhs=[1], rhs=[0]} : f32[2,4]
    return %3, %6
    """,
    """
    %0 = input f32[3]
    %1 = input f32[3,4]
    %2 = contract %0 %1 {lhsBatch=[], rhsBatch=[], lhs=[0], rhs=[0]} : f32[4]
    %3 = broadcast %2 {shape=[2,4], axes=[1]} : f32[2,4]
    %4 = input f32[2]
    %5 = sum %1 {axes=[0]} : f32[4]
    %6 = contract %4 %5 {lhsBatch=[], rhsBatch=[], lhs=[], rhs=[]} : f32[2,4]
    return %3, %6
    """),
  RuleCase(
    "with the right operand repeated along the batch",
    """
    %0 = input f32[8,2,3]
    %1 = input f32[3,4]
    %2 = broadcast %1 {shape=[8,3,4], axes=[1,2]} : f32[8,3,4]
    %3 = contract %0 %2 {lhsBatch=[0], rhsBatch=[0], lhs=[2], rhs=[1]} : f32[8,2,4]
    return %3
    """,
    """
    %0 = input f32[8,2,3]
    %1 = input f32[3,4]
    %2 = contract %0 %1 {lhsBatch=[], rhsBatch=[], lhs=[2], rhs=[0]} : f32[8,2,4]
    return %2
    """),
  RuleCase(
    "with the left operand repeated along the batch",
    """
    %0 = input f32[2,3]
    %1 = input f32[8,3]
    %2 = broadcast %0 {shape=[8,2,3], axes=[1,2]} : f32[8,2,3]
    %3 = contract %2 %1 {lhsBatch=[0], rhsBatch=[0], lhs=[2], rhs=[1]} : f32[8,2]
    %4 = input f32[8,3,4]
    %5 = contract %2 %4 {lhsBatch=[0], rhsBatch=[0], lhs=[2], rhs=[1]} : f32[8,2,4]
    return %3, %5
    """,
    """
    %0 = input f32[2,3]
    %1 = input f32[8,3]
    %2 = broadcast %0 {shape=[8,2,3], axes=[1,2]} : f32[8,2,3]
    %3 = contract %1 %0 {lhsBatch=[], rhsBatch=[], lhs=[1], rhs=[1]} : f32[8,2]
    %4 = input f32[8,3,4]
    %5 = contract %2 %4 {lhsBatch=[0], rhsBatch=[0], lhs=[2], rhs=[1]} : f32[8,2,4]
    return %3, %5
    """),
]
