namespace Mfn.Server.Observability;

/// <summary>What a metric is: docs/metrics.md has it from here.</summary>
/// <param name="Name">With dots between its words, as OpenTelemetry has it, such as <c>mfn.frames.sent</c>.</param>
/// <param name="Kind">How it moves.</param>
/// <param name="Unit">In UCUM: <c>s</c>, <c>By</c>, <c>1</c> for a share, or what is counted, in braces.</param>
/// <param name="Meaning">What it tells, a sentence.</param>
/// <param name="Labels">What it is told apart by.</param>
internal sealed record MetricDefinition(string Name, MetricKind Kind, string Unit, string Meaning, IReadOnlyList<MetricLabel> Labels)
{
    /// <summary>The name that Prometheus has: with the unit, and <c>_total</c> if it is a counter.</summary>
    public string PrometheusName
    {
        get
        {
            var unit = Unit switch { "s" => "_seconds", "By" => "_bytes", "1" => "_ratio", _ => "" };
            return Name.Replace('.', '_') + unit + (Kind == MetricKind.Counter ? "_total" : "");
        }
    }
}
