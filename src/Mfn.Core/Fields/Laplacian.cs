using System.Numerics;

namespace Mfn.Core.Fields;

/// <summary>The five-point Laplacian on a lattice of unit spacing: the four neighbours minus four times the cell.</summary>
public static class Laplacian
{
    /// <summary>Writes the Laplacian of every cell of <paramref name="source"/> to <paramref name="destination"/>.</summary>
    /// <exception cref="ArgumentException">The fields differ in shape, or are one and the same.</exception>
    public static void Apply(Field source, Boundary boundary, Field destination)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(destination);
        if (ReferenceEquals(source, destination))
        {
            throw new ArgumentException("The destination must be another field than the source.", nameof(destination));
        }

        destination.RequireShapeOf(source, nameof(destination));

        var stencil = new Stencil(boundary, source.ColumnCount);
        for (var i = 0; i < source.RowCount; i++)
        {
            ApplyRow(stencil.Row(source, i), destination.Row(i));
        }
    }

    private static void ApplyRow(StencilRow source, Span<double> destination)
    {
        destination[0] = source.Laplacian(0);
        var j = 1;
        for (; j <= source.LastVectorStart; j += Vector<double>.Count)
        {
            source.Laplacians(j).CopyTo(destination[j..]);
        }

        for (; j < source.Length; j++)
        {
            destination[j] = source.Laplacian(j);
        }
    }
}
