namespace Mfn.Cli.Pictures;

/// <summary>What a colour range is found from.</summary>
internal enum RangeKind
{
    /// <summary>All frames.</summary>
    All,

    /// <summary>Each frame by itself.</summary>
    Each,

    /// <summary>It is given.</summary>
    Fixed,
}
