namespace Mfn.Core.Simulation;

/// <summary>How activator and inhibitor react: a constant of the type, so that the loop over the cells is compiled for it.</summary>
internal interface IReaction
{
    /// <summary>Whether they evolve and feed the potential.</summary>
    static abstract bool IsActive { get; }

    /// <summary>Whether the inhibitor follows the activator's new value, not yet clipped, instead of the old one.</summary>
    static abstract bool IsSemiImplicit { get; }
}

/// <summary>No activator and no inhibitor: the potential diffuses.</summary>
internal readonly struct NoReaction : IReaction
{
    public static bool IsActive => false;

    public static bool IsSemiImplicit => false;
}

/// <summary>Both from the old values: the engine and numerics variants.</summary>
internal readonly struct ExplicitReaction : IReaction
{
    public static bool IsActive => true;

    public static bool IsSemiImplicit => false;
}

/// <summary>The inhibitor from the activator's new value: the model variant.</summary>
internal readonly struct SemiImplicitReaction : IReaction
{
    public static bool IsActive => true;

    public static bool IsSemiImplicit => true;
}
