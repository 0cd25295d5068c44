using OpenTelemetry;

namespace Mfn.Server.Observability;

/// <summary>Counts what an exporter is given, and what became of it.</summary>
internal sealed class CountingExporter<T>(BaseExporter<T> exporter, ExportCounts counts) : BaseExporter<T>
    where T : class
{
    public override ExportResult Export(in Batch<T> batch)
    {
        var count = (int)batch.Count;
        counts.Begin(count);
        var result = exporter.Export(batch);
        counts.End(count, isTaken: result == ExportResult.Success);
        return result;
    }

    protected override bool OnForceFlush(int timeoutMilliseconds) => exporter.ForceFlush(timeoutMilliseconds);

    protected override bool OnShutdown(int timeoutMilliseconds) => exporter.Shutdown(timeoutMilliseconds);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            exporter.Dispose();
        }

        base.Dispose(disposing);
    }
}
