using System.Globalization;
using System.Text;

namespace Mfn.Server.Texts;

/// <summary>
/// What callers wrote, as it may be shown to others: in a status, a log, a terminal. What does not print there, or changes how its surroundings
/// print, is shown by its number, and what is too long by its beginning.
/// </summary>
internal static class CallersText
{
    /// <summary>The most characters of a quote, what stands for others included.</summary>
    public const int LongestQuote = 128;

    /// <summary>The most characters of callers' text in a line of the log.</summary>
    public const int LongestInLog = 1024;

    private const char Ellipsis = '…';

    /// <summary>The text between quotation marks.</summary>
    public static string Quote(string text) => $"'{Show(text, LongestQuote)}'";

    /// <summary>The text with nothing in it that does not print.</summary>
    public static string Show(string text) => Show(text, int.MaxValue);

    /// <summary>The text with nothing in it that does not print, and of at most so many characters.</summary>
    public static string Show(string text, int longest)
    {
        if (text.Length <= longest && IsPrintable(text))
        {
            return text;
        }

        var shown = new StringBuilder(Math.Min(text.Length, longest));
        for (var i = 0; i < text.Length;)
        {
            var isCharacter = Rune.TryGetRuneAt(text, i, out var rune);
            var length = isCharacter ? rune.Utf16SequenceLength : 1;
            var next = isCharacter && IsPrintable(rune) ? text.AsSpan(i, length) : NumberOf(isCharacter ? rune.Value : text[i]);

            // The last one that would fit gives way to the mark, unless it ends the text.
            var isLast = i + length == text.Length;
            if (shown.Length + next.Length + (isLast ? 0 : 1) > longest)
            {
                return shown.Append(Ellipsis).ToString();
            }

            shown.Append(next);
            i += length;
        }

        return shown.ToString();
    }

    /// <summary>The longest beginning of the text that fits, with a mark that something is missing; the whole text if it fits.</summary>
    public static string Cut(string text, Func<string, bool> fits)
    {
        if (fits(text))
        {
            return text;
        }

        var (least, most) = (0, text.Length);
        while (least < most)
        {
            var middle = (least + most + 1) / 2;
            (least, most) = fits(Beginning(text, middle)) ? (middle, most) : (least, middle - 1);
        }

        return Beginning(text, least);
    }

    private static string Beginning(string text, int length) =>
        string.Concat(text.AsSpan(0, length > 0 && char.IsHighSurrogate(text[length - 1]) ? length - 1 : length), [Ellipsis]);

    private static bool IsPrintable(string text)
    {
        foreach (var character in text)
        {
            if (!char.IsAscii(character) || char.IsControl(character))
            {
                return IsPrintableBeyondAscii(text);
            }
        }

        return true;
    }

    private static bool IsPrintableBeyondAscii(string text)
    {
        for (var i = 0; i < text.Length;)
        {
            if (!Rune.TryGetRuneAt(text, i, out var rune) || !IsPrintable(rune))
            {
                return false;
            }

            i += rune.Utf16SequenceLength;
        }

        return true;
    }

    // Controls act on terminals, formats (such as those for right-to-left text) on what is around them; separators end lines.
    private static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not
        (UnicodeCategory.Control
        or UnicodeCategory.Format
        or UnicodeCategory.Surrogate
        or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator);

    private static string NumberOf(int character) => string.Create(CultureInfo.InvariantCulture, $"\\u{{{character:x}}}");
}
