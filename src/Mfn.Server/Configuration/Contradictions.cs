using System.Globalization;

namespace Mfn.Server.Configuration;

/// <summary>Settings of which each is right, and both together are not.</summary>
internal static class Contradictions
{
    // What is within something must not be larger. Where only one of them is given the other's default gives way.
    private static readonly (string Part, string Whole)[] Within =
    [
        ($"{LimitsOptions.Section}:{nameof(LimitsOptions.MaxAggregationBytes)}", $"{LimitsOptions.Section}:{nameof(LimitsOptions.MaxTotalAggregationBytes)}"),
        ($"{LimitsOptions.Section}:{nameof(LimitsOptions.MaxTotalAggregationBytes)}", $"{LimitsOptions.Section}:{nameof(LimitsOptions.MaxMemoryBytes)}"),
        ($"{LimitsOptions.Section}:{nameof(LimitsOptions.MaxAggregationBytes)}", $"{LimitsOptions.Section}:{nameof(LimitsOptions.MaxMemoryBytes)}"),
        ($"{LimitsOptions.Section}:{nameof(LimitsOptions.MaxRequestBytes)}", $"{LimitsOptions.Section}:{nameof(LimitsOptions.MaxMemoryBytes)}"),
        ($"{RunsOptions.Section}:{nameof(RunsOptions.MaxHistoryBytesPerRun)}", $"{LimitsOptions.Section}:{nameof(LimitsOptions.MaxMemoryBytes)}"),
        ($"{RunsOptions.Section}:{nameof(RunsOptions.MaxBacklogBytesPerWatcher)}", $"{LimitsOptions.Section}:{nameof(LimitsOptions.MaxMemoryBytes)}"),
    ];

    // Of these only half.
    private static readonly (string Part, string Whole)[] WithinHalf =
    [
        ($"{RunsOptions.Section}:{nameof(RunsOptions.MaxBacklogBytes)}", $"{LimitsOptions.Section}:{nameof(LimitsOptions.MaxMemoryBytes)}"),
    ];

    /// <summary>Notes the contradictions among settings that were given, and whose values are right.</summary>
    public static void Note(ServerSettings settings)
    {
        foreach (var (part, whole) in Within)
        {
            if (Number(part) is { } least && Number(whole) is { } most && least > most)
            {
                settings.Problems.Add(string.Create(
                    CultureInfo.InvariantCulture, $"{settings.NameOf(part)} must be at most {settings.NameOf(whole)}, which is {Show(whole, most)}, but was {Show(part, least)}."));
            }
        }

        foreach (var (part, whole) in WithinHalf)
        {
            if (Number(part) is { } least && Number(whole) is { } most && least > most / 2)
            {
                settings.Problems.Add(string.Create(
                    CultureInfo.InvariantCulture, $"{settings.NameOf(part)} must be at most half of {settings.NameOf(whole)}, which is {Show(whole, most)}, but was {Show(part, least)}."));
            }
        }

        string Show(string name, long value) => settings.IsShown(name) ? value.ToString(CultureInfo.InvariantCulture) : settings.ReferenceOf(name)!;

        long? Number(string name) => settings.Find(name) is { } text && Settings.Find(name)!.Problem(text) is null ? long.Parse(text, CultureInfo.InvariantCulture) : null;
    }
}
