using System.Text;

namespace Mfn.Cli.Terminals;

/// <summary>What a terminal can do, as far as its environment tells.</summary>
/// <param name="Colors">Its colours.</param>
/// <param name="HasBlocks">Whether it shows half blocks; otherwise there is ASCII.</param>
/// <param name="CanMove">Whether what stands on it can be written over.</param>
internal readonly record struct TerminalKind(TerminalColors Colors, bool HasBlocks, bool CanMove)
{
    private const int Utf8CodePage = 65001;

    // They show 24 bits, but not all of them say so in COLORTERM, and none does through ssh.
    private static readonly string[] TrueColorTerminals = ["direct", "kitty", "alacritty", "ghostty", "wezterm", "foot", "iterm", "contour"];

    private static readonly string[] PlainTerminals = ["vt1", "vt2", "vt3", "ansi", "cons"];

    /// <summary>That of standard output.</summary>
    public static TerminalKind Current => Detect(Environment.GetEnvironmentVariable, Console.OutputEncoding);

    /// <summary>Reads NO_COLOR (https://no-color.org), TERM and COLORTERM.</summary>
    public static TerminalKind Detect(Func<string, string?> variable, Encoding encoding)
    {
        var name = variable("TERM") ?? (OperatingSystem.IsWindows() ? "xterm-256color" : "dumb");
        if (name is "dumb" or "unknown" or "")
        {
            return new TerminalKind(TerminalColors.None, HasBlocks: false, CanMove: false);
        }

        var colors = ColorsOf(name, variable("COLORTERM") ?? "");
        if (!string.IsNullOrEmpty(variable("NO_COLOR")))
        {
            colors = TerminalColors.None;
        }

        return new TerminalKind(colors, colors != TerminalColors.None && encoding.CodePage == Utf8CodePage, CanMove: true);
    }

    private static TerminalColors ColorsOf(string name, string announced)
    {
        if (announced is "truecolor" or "24bit" || TrueColorTerminals.Any(known => name.Contains(known, StringComparison.OrdinalIgnoreCase)))
        {
            return TerminalColors.True;
        }

        return PlainTerminals.Any(plain => name.StartsWith(plain, StringComparison.OrdinalIgnoreCase)) ? TerminalColors.None : TerminalColors.Palette;
    }
}
