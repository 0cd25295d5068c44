using System.Globalization;

namespace Mfn.Core.Specs;

/// <summary>Numbers as texts that read back to the same bits.</summary>
/// <remarks>
/// .NET 10 gives two powers of two, which are levels of quantised fields, texts of which other numbers are the nearest: https://github.com/dotnet/runtime/pull/131131.
/// </remarks>
public static class RoundTrip
{
    private const string WrittenForMinus25 = "2.980232238769531E-08";
    private const string WrittenForMinus958 = "4.104536801298376E-289";

    private static readonly double[] Misspelt = [double.ScaleB(1, -25), double.ScaleB(1, -958)];

    /// <summary>The shortest text, in any culture.</summary>
    /// <param name="value">Any value.</param>
    public static string Format(double value) => value.ToString(SpecifierOf(value), CultureInfo.InvariantCulture);

    /// <summary>The format specifier of the shortest text.</summary>
    /// <param name="value">Any value.</param>
    public static string SpecifierOf(double value) => IsMisspelt(value) ? "G17" : "R";

    /// <summary>Whether .NET's own shortest text is that of another number.</summary>
    /// <param name="value">Any value.</param>
    public static bool IsMisspelt(double value) => Misspelt.Contains(double.Abs(value));

    /// <summary>Whether a text of .NET's own can be that of another number than it says.</summary>
    /// <param name="text">Of a number, in either case.</param>
    public static bool IsAmbiguous(ReadOnlySpan<char> text)
    {
        if (text.Length is < 20 or > 23)
        {
            return false;
        }

        text = text.TrimStart('-');
        return text.Equals(WrittenForMinus25, StringComparison.OrdinalIgnoreCase) || text.Equals(WrittenForMinus958, StringComparison.OrdinalIgnoreCase);
    }
}
