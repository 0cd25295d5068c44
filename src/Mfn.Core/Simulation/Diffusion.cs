using System.Numerics;
using System.Runtime.CompilerServices;
using Mfn.Core.Fields;

namespace Mfn.Core.Simulation;

/// <summary>Explicit diffusion: u + α ∇²u.</summary>
internal static class Diffusion
{
    /// <summary>Writes a row after the step, from the field before it.</summary>
    // Not inlined, so that a profile tells the kernels apart.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void AdvanceRow(StencilRow source, double alpha, Span<double> destination)
    {
        destination[0] = Advance(source, alpha, 0);
        var j = 1;
        for (; j <= source.LastVectorStart; j += Vector<double>.Count)
        {
            (source.Cells(j) + (alpha * source.Laplacians(j))).CopyTo(destination[j..]);
        }

        for (; j < source.Length; j++)
        {
            destination[j] = Advance(source, alpha, j);
        }
    }

    private static double Advance(StencilRow source, double alpha, int column) => source.Cell(column) + (alpha * source.Laplacian(column));
}
