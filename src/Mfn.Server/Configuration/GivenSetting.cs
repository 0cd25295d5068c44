using Mfn.Server.Texts;

namespace Mfn.Server.Configuration;

/// <summary>A setting that somebody gave, which need not be one.</summary>
/// <param name="Name">Its name, such as <c>Limits:MaxSteps</c>, in the case in which it was given.</param>
/// <param name="Value">Its value.</param>
/// <param name="WrittenAs">What its giver calls it: <c>--set Limits:MaxSteps</c>, <c>MFN_Limits__MaxSteps</c>, <c>mfn.json: Limits:MaxSteps</c>.</param>
/// <param name="Write">What the giver of another setting would call it in the same place.</param>
internal sealed record GivenSetting(string Name, string Value, string WrittenAs, Func<string, string> Write)
{
    /// <summary>What there is in place of a name of the reference; null of other names.</summary>
    public string? Instead { get; init; }

    /// <summary>Where its value was read, in place of which its giver gave this; null if the value was given itself.</summary>
    public string? Reference { get; init; }

    /// <summary>All that was read there, of which the value is what counts.</summary>
    public string Content { get; init; } = "";

    /// <summary>Whether there was nothing to be read.</summary>
    public bool IsUnread { get; init; }

    /// <summary>Says that there is no such setting.</summary>
    public string Refuse(string otherwise = ".")
    {
        if (Instead is not null)
        {
            return $"{WrittenAs} is no setting, but of MyceliumFractalNet: {Instead}.";
        }

        var nearest = Settings.Nearest(Name);
        return $"{CallersText.Show(WrittenAs)} is no setting{(nearest.Count > 0 ? $"; did you mean {string.Join(" or ", nearest.Select(Write))}?" : otherwise)}";
    }
}
