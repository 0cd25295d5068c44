using Mfn.Server.Tests.Observability.Otlp;
using Span = Mfn.Server.Tests.Observability.Otlp.Span;

namespace Mfn.Server.Tests.Observability;

/// <summary>The spans of a trace as text: each on a line, below what it is part of, in the order in which they began, with the status of its call.</summary>
internal static class SpanTree
{
    public static string Of(IReadOnlyList<Span> spans) => string.Join("\n", Lines(spans));

    /// <summary>An attribute as text; null if there is none.</summary>
    public static string? Attribute(this Span span, string name) => span.Attributes.FirstOrDefault(attribute => attribute.Key == name)?.Value is not { } value ? null
        : value.ValueCase switch
        {
            AnyValue.ValueOneofCase.IntValue => $"{value.IntValue}",
            AnyValue.ValueOneofCase.DoubleValue => FormattableString.Invariant($"{value.DoubleValue}"),
            AnyValue.ValueOneofCase.BoolValue => $"{value.BoolValue}",
            _ => value.StringValue,
        };

    private static IEnumerable<string> Lines(IReadOnlyList<Span> spans)
    {
        var ids = spans.Select(span => span.SpanId).ToHashSet();
        return spans.Where(span => !ids.Contains(span.ParentSpanId)).OrderBy(span => span.StartTimeUnixNano).SelectMany(span => Lines(span, 0));

        IEnumerable<string> Lines(Span span, int depth) => spans
            .Where(child => child.ParentSpanId == span.SpanId)
            .OrderBy(child => child.StartTimeUnixNano)
            .SelectMany(child => Lines(child, depth + 1))
            .Prepend(new string(' ', 2 * depth) + Tell(span));
    }

    private static string Tell(Span span)
    {
        var code = span.Attribute("rpc.response.status_code");
        return $"{span.Name}{(code is null ? "" : $" {code}")}{(span.Status?.Code == StatusCode.Error ? " error" : "")}";
    }
}
