import DescentIR
package func simplify(_ graph: Graph) throws -> Graph { graph }
