namespace Mfn.Cli.Terminals;

/// <summary>How many characters the terminal shows.</summary>
internal static class TerminalSize
{
    private const int UsualWidth = 80;
    private const int UsualHeight = 24;

    /// <summary>Width and height now, both positive. A terminal that nobody has given a size, as those of some containers, says 0 and gets the usual one.</summary>
    public static (int Width, int Height) Now =>
        Console.WindowWidth is var width and > 0 && Console.WindowHeight is var height and > 0 ? (width, height) : (UsualWidth, UsualHeight);
}
