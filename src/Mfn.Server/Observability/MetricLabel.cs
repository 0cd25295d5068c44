using System.Text.Json;

namespace Mfn.Server.Observability;

/// <summary>What a metric is told apart by.</summary>
/// <param name="Name">Of the label.</param>
/// <param name="Values">All that it can be, in Markdown; where that is no list, why there are few.</param>
internal sealed record MetricLabel(string Name, string Values)
{
    /// <summary>A label with the values of an enumeration.</summary>
    public static MetricLabel Of<T>(string name)
        where T : struct, Enum => Of(name, Enum.GetValues<T>().Select(ValueOf));

    /// <summary>A label with some values.</summary>
    public static MetricLabel Of(string name, IEnumerable<string> values) => new(name, string.Join(", ", values.Select(value => $"`{value}`")));

    /// <summary>A value of an enumeration as a label has it, such as <c>drop_oldest</c>.</summary>
    public static string ValueOf<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
