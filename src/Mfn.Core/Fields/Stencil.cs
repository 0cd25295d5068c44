namespace Mfn.Core.Fields;

/// <summary>Where the cells of a field find their neighbours, at the rim as the boundary says.</summary>
internal sealed class Stencil
{
    private const int LeftFirst = -1;
    private const int RightFirst = 1;

    private readonly Boundary _boundary;
    private readonly double[] _zeros;

    /// <exception cref="ArgumentOutOfRangeException">The boundary is unknown.</exception>
    public Stencil(Boundary boundary, int columnCount)
    {
        if (!Enum.IsDefined(boundary))
        {
            throw new ArgumentOutOfRangeException(nameof(boundary), boundary, "Unknown boundary.");
        }

        _boundary = boundary;
        _zeros = boundary == Boundary.Dirichlet ? new double[columnCount] : [];
    }

    /// <summary>One row of a field that has as many columns as this stencil, and the row's neighbours.</summary>
    public StencilRow Row(Field field, int index)
    {
        var row = field.Row(index);
        var last = field.RowCount - 1;
        return _boundary switch
        {
            Boundary.Periodic => new StencilRow(
                field.Row(index == 0 ? last : index - 1), row, field.Row(index == last ? 0 : index + 1), row[^1], row[0], LeftFirst),
            Boundary.Neumann => new StencilRow(
                field.Row(Math.Max(index - 1, 0)), row, field.Row(Math.Min(index + 1, last)), row[0], row[^1], LeftFirst),

            // Dirichlet: the reference adds the right neighbour before the left one here.
            _ => new StencilRow(
                index == 0 ? _zeros : field.Row(index - 1), row, index == last ? _zeros : field.Row(index + 1), 0.0, 0.0, RightFirst),
        };
    }
}
