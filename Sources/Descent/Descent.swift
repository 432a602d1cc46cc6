// The one module that users import: everything public, under one name.

@_exported import DescentCLI
@_exported import DescentData
@_exported import DescentDriver
@_exported import DescentIR
@_exported import DescentInterpreter
@_exported import DescentNN
@_exported import DescentOps
@_exported import DescentPlot
@_exported import DescentTransforms
