namespace Mfn.Server.Observability;

/// <summary>How what has ended waits to be sent.</summary>
/// <param name="MaxQueueSize">As much may wait; what is more is lost.</param>
/// <param name="MaxBatchSize">As much is sent at once.</param>
/// <param name="DelayMilliseconds">So long after the last time what there is is sent.</param>
/// <param name="TimeoutMilliseconds">So long a sending may take.</param>
internal sealed record ExportBatches(int MaxQueueSize, int MaxBatchSize, int DelayMilliseconds, int TimeoutMilliseconds);
