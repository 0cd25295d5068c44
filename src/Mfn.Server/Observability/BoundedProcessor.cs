using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using OpenTelemetry;

namespace Mfn.Server.Observability;

/// <summary>Hands on what has ended to be sent in batches, as much as may wait for that; what is too much is lost, and counted.</summary>
/// <param name="batches">Sends batches.</param>
/// <param name="owner">Never used but to tell the exporter whose provider it belongs to, which only a processor that has it can be told.</param>
/// <param name="counts">What is counted.</param>
internal sealed class BoundedProcessor<T>(BaseProcessor<T> batches, BaseProcessor<T> owner, ExportCounts counts) : CompositeProcessor<T>([batches, owner])
    where T : class
{
    [SuppressMessage("Usage", "CA2213", Justification = "The base class disposes of all processors that it was given.")]
    private readonly BaseProcessor<T> _batches = batches;

    public override void OnStart(T data)
    {
    }

    public override void OnEnd(T data)
    {
        if (data is not Activity { Recorded: false } && counts.TryTake())
        {
            _batches.OnEnd(data);
        }
    }
}
