using System.Globalization;
using Mfn.Cli.Output;
using Mfn.Contracts.V1;

namespace Mfn.Cli;

/// <summary>Feature vectors as answers.</summary>
internal static class FeatureReport
{
    /// <summary>The features by name, in the order of the definitions; null with the reason for those that are not defined.</summary>
    public static JsonRecord ToJson(DescribeFeaturesResponse definitions, FeatureVector features)
    {
        var record = new JsonRecord();
        foreach (var (definition, value) in definitions.Features.Zip(features.Values))
        {
            if (WhyUndefined(features, definition.Name) is { } reason)
            {
                record.AddUndefined(definition.Name, reason);
            }
            else
            {
                record.Add(definition.Name, value);
            }
        }

        return record;
    }

    /// <summary>A line a feature, with its unit, and why it is not defined if it is not.</summary>
    public static void WriteTable(TextWriter writer, DescribeFeaturesResponse definitions, FeatureVector features, bool isWide) => TextTable.Write(
        writer,
        [.. definitions.Features.Zip(features.Values)],
        [
            new("FEATURE", each => each.First.Name),
            new("VALUE", each => Value(features, each.First.Name, each.Second), IsNumber: true),
            new("UNIT", each => each.First.Unit == "1" ? "" : each.First.Unit),
            new("NOT DEFINED", each => WhyUndefined(features, each.First.Name) ?? ""),
            new("MEANING", each => each.First.Description, IsWide: true),
        ],
        isWide);

    /// <summary>A line a file, a column a feature.</summary>
    public static void WriteTable(TextWriter writer, DescribeFeaturesResponse definitions, IReadOnlyList<(string File, FeatureVector Features)> files) => TextTable.Write(
        writer,
        files,
        [
            new("FILE", each => each.File),
            .. definitions.Features.Select((definition, i) => new TextColumn<(string File, FeatureVector Features)>(
                definition.Name, each => Value(each.Features, definition.Name, each.Features.Values[i]), IsNumber: true)),
        ],
        isWide: true);

    private static string Value(FeatureVector features, string name, double value) =>
        WhyUndefined(features, name) is null ? value.ToString("0.######", CultureInfo.InvariantCulture) : "-";

    // The wire's reason begins with what stands in the value's place: "0: there is only one frame".
    private static string? WhyUndefined(FeatureVector features, string name) =>
        features.Undefined.FirstOrDefault(each => each.Name == name) is { } undefined
            ? undefined.Reason[(undefined.Reason.IndexOf(": ", StringComparison.Ordinal) is var colon and >= 0 ? colon + 2 : 0)..]
            : null;
}
