namespace Mfn.Server.Tests.Observability;

/// <summary>Tests that listen to spans, which all servers of a process share: nothing else runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class TelemetryTests
{
    public const string Name = "telemetry";
}
