using Mfn.Client;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests;

/// <summary>Fields to send.</summary>
internal static class TestFields
{
    public static Field Constant(int rowCount, int columnCount, double volts) => Of(rowCount, columnCount, (_, _) => volts);

    public static Field Of(int rowCount, int columnCount, Func<int, int, double> volts)
    {
        var cells = new double[rowCount * columnCount];
        for (var i = 0; i < cells.Length; i++)
        {
            cells[i] = volts(i / columnCount, i % columnCount);
        }

        return FieldExtensions.ToField(cells, rowCount, columnCount);
    }

    /// <summary>Frames that differ from cell to cell and from step to step.</summary>
    public static Field[] History(int frameCount, int rowCount, int columnCount) =>
        [.. Enumerable.Range(0, frameCount).Select(t => Of(rowCount, columnCount, (i, j) => -0.07 + (0.03 * Math.Sin((0.7 * i) + (1.3 * j) + (0.2 * t)))))];
}
