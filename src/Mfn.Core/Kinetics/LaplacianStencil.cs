namespace Mfn.Core.Kinetics;

/// <summary>Which neighbours a discrete Laplacian takes.</summary>
public enum LaplacianStencil
{
    /// <summary>(above + below + left + right − 4 here) / h².</summary>
    FivePoint,

    /// <summary>(4 (above + below + left + right) + the four diagonal ones − 20 here) / 6h²: its error of second order is the same in every direction.</summary>
    NinePoint,
}
