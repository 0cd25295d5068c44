using Mfn.Core.Features;
using Mfn.Core.Fractals;

namespace Mfn.Server.Fractals;

/// <summary>The box-counting dimension of the cells of a field above a threshold, with the box sizes of the features.</summary>
internal static class FieldDimension
{
    public static BoxCountingDimension Measure(ReadOnlySpan<double> cells, int rowCount, int columnCount, double thresholdVolts, FeatureOptions options)
    {
        var mask = new bool[cells.Length];
        for (var i = 0; i < cells.Length; i++)
        {
            mask[i] = cells[i] > thresholdVolts;
        }

        return BoxCountingDimension.Measure(mask, rowCount, columnCount, options.BoxSizesFor(Math.Min(rowCount, columnCount)));
    }
}
