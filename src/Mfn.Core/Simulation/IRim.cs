namespace Mfn.Core.Simulation;

/// <summary>What lies beyond a row's ends: a constant of the type, so that the loop over the cells is compiled for it.</summary>
internal interface IRim
{
    /// <summary>Whether it is the other end of the row.</summary>
    static abstract bool IsTorus { get; }

    /// <summary>Whether it is zero. The reference's Laplacian then adds a cell's right neighbour before the left one, which its last bit shows.</summary>
    static abstract bool IsZero { get; }
}

/// <summary><see cref="Fields.Boundary.Periodic"/>.</summary>
internal readonly struct PeriodicRim : IRim
{
    public static bool IsTorus => true;

    public static bool IsZero => false;
}

/// <summary><see cref="Fields.Boundary.Neumann"/>.</summary>
internal readonly struct NeumannRim : IRim
{
    public static bool IsTorus => false;

    public static bool IsZero => false;
}

/// <summary><see cref="Fields.Boundary.Dirichlet"/>.</summary>
internal readonly struct DirichletRim : IRim
{
    public static bool IsTorus => false;

    public static bool IsZero => true;
}
