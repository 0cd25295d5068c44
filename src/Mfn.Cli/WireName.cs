namespace Mfn.Cli;

/// <summary>Enumeration values as words.</summary>
internal static class WireName
{
    /// <summary>As the contracts spell them: INVALID_ARGUMENT, without the enumeration's prefix.</summary>
    public static string Of(Enum value) =>
        string.Concat(value.ToString().Select((letter, i) => i > 0 && char.IsUpper(letter) ? $"_{letter}" : $"{char.ToUpperInvariant(letter)}"));

    /// <summary>As answers spell them: not_selected.</summary>
    public static string InAnswer(Enum value) => Of(value).ToLowerInvariant();
}
