using Mfn.Server.Configuration;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Observability;

/// <summary>How long a span of something that never ends may become, as the settings say now.</summary>
internal sealed class EpisodeLimit(IOptionsMonitor<TelemetryOptions> options)
{
    /// <summary>The length.</summary>
    public TimeSpan Length => options.CurrentValue.EpisodeLength;
}
