namespace Mfn.Core.Simulation;

/// <summary>Which part of a step of Swift and Hohenberg's equation: a constant of the kernel's type.</summary>
internal interface ISwiftHohenbergPart
{
    /// <summary>Whether it is the second.</summary>
    static abstract bool IsSecond { get; }
}

/// <summary>The first part.</summary>
internal readonly struct FirstPart : ISwiftHohenbergPart
{
    public static bool IsSecond => false;
}

/// <summary>The second part.</summary>
internal readonly struct SecondPart : ISwiftHohenbergPart
{
    public static bool IsSecond => true;
}
