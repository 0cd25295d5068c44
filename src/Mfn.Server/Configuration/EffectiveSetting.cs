namespace Mfn.Server.Configuration;

/// <summary>What a setting is for a server, and who says so.</summary>
/// <param name="Name">Its name, such as <c>Limits:MaxSteps</c>.</param>
/// <param name="Value">Its value; words if it is a default that depends on something; <see cref="Hidden"/> if nobody may see it; null if there is none.</param>
/// <param name="Source">What its giver calls it, such as <c>--set Limits:MaxSteps</c>, <c>MFN_Limits__MaxSteps</c> or <c>mfn.json: Limits:MaxSteps</c>; null if it is the default.</param>
/// <param name="Range">What it takes, in words; empty for any text.</param>
/// <param name="IsLive">Whether a running server follows a change.</param>
public sealed record EffectiveSetting(string Name, string? Value, string? Source, string Range, bool IsLive)
{
    /// <summary>What stands for a value that is not shown.</summary>
    public const string Hidden = "***";

    /// <summary>Where the value, or the content of the file that it would name, is read, such as <c>env:NAME</c>; null if its giver gave it itself.</summary>
    public string? Reference { get; init; }
}
