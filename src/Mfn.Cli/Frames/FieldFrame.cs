namespace Mfn.Cli.Frames;

/// <summary>The field of a run after a step.</summary>
/// <param name="Step">Steps completed.</param>
/// <param name="Revision">Commands that had changed the run's state.</param>
/// <param name="RowCount">Rows.</param>
/// <param name="ColumnCount">Cells in a row.</param>
/// <param name="Values">The cells, row after row.</param>
/// <param name="Subject">What they are.</param>
internal readonly record struct FieldFrame(long Step, long Revision, int RowCount, int ColumnCount, ReadOnlyMemory<double> Values, FieldSubject Subject = default);
