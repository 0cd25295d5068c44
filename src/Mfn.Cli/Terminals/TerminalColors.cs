namespace Mfn.Cli.Terminals;

/// <summary>The colours that a terminal shows.</summary>
internal enum TerminalColors
{
    /// <summary>None, or the user wants none.</summary>
    None,

    /// <summary>The 256 of xterm.</summary>
    Palette,

    /// <summary>24 bits.</summary>
    True,
}
