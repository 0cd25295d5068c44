using System.Diagnostics;

namespace Mfn.Core.Aggregation.Updates;

/// <summary>The spans of what a round takes most of its time for. Where nobody listens there are none.</summary>
public static class AggregationSpans
{
    /// <summary>Of the source that they come from.</summary>
    public const string SourceName = "Mfn.Core";

    private const string Distances = "distances";
    private const string Sorting = "sorting";

    private static readonly ActivitySource Source = new(SourceName);

    internal static Activity? StartDistances() => Source.StartActivity(Distances);

    internal static Activity? StartSorting() => Source.StartActivity(Sorting);
}
