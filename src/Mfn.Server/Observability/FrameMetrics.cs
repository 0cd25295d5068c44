using Prometheus;

namespace Mfn.Server.Observability;

/// <summary>What is counted of the frames of one delivery: the cells themselves, since looking for them costs more than counting.</summary>
/// <param name="Sent">Frames sent.</param>
/// <param name="SentBytes">The bytes of their messages.</param>
/// <param name="Dropped">Frames that slow watchers did not get.</param>
internal sealed record FrameMetrics(Counter.Child Sent, Counter.Child SentBytes, Counter.Child Dropped);
