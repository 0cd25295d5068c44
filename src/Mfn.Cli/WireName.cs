namespace Mfn.Cli;

/// <summary>Enumeration values as the contracts spell them.</summary>
internal static class WireName
{
    /// <summary>Such as INVALID_ARGUMENT, without the enumeration's prefix.</summary>
    public static string Of(Enum value) =>
        string.Concat(value.ToString().Select((letter, i) => i > 0 && char.IsUpper(letter) ? $"_{letter}" : $"{char.ToUpperInvariant(letter)}"));
}
