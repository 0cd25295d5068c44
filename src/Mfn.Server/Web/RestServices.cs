using Mfn.Server.Configuration;
using Mfn.Server.Memory;
using Mfn.Server.Observability;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Web;

/// <summary>What all calls by REST share.</summary>
internal sealed record RestServices(
    CallPipeline Calls,
    MemoryAccount Memory,
    ServerMetrics Metrics,
    IOptionsMonitor<LimitsOptions> Limits,
    IOptionsMonitor<StreamingOptions> Streaming,
    TimeProvider Clock,
    RestEndpoints Endpoints);
