namespace Mfn.Cli.Frames;

/// <summary>The field of a run after a step.</summary>
/// <param name="Step">Steps completed.</param>
/// <param name="Revision">Commands that had changed the run's state.</param>
/// <param name="RowCount">Rows.</param>
/// <param name="ColumnCount">Cells in a row.</param>
/// <param name="Volts">The potential, row after row.</param>
internal readonly record struct FieldFrame(long Step, long Revision, int RowCount, int ColumnCount, ReadOnlyMemory<double> Volts);
