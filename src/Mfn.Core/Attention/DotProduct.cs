namespace Mfn.Core.Attention;

/// <summary>
/// Sums of products of floats. A product of floats is exact in double, and the sum runs from the first element to the last, so the
/// result is the same on every machine and, once rounded to float, almost always the correctly rounded one.
/// </summary>
internal static class DotProduct
{
    /// <summary>The sum of the products of two vectors of the same length.</summary>
    public static double Of(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        var sum = 0.0;
        for (var i = 0; i < left.Length; i++)
        {
            sum += (double)left[i] * right[i];
        }

        return sum;
    }

    /// <summary>The sum over the rows of two matrices of the product of one column each.</summary>
    public static double OfColumns(
        ReadOnlySpan<float> left, int leftWidth, int leftColumn, ReadOnlySpan<float> right, int rightWidth, int rightColumn)
    {
        var sum = 0.0;
        for (int i = leftColumn, j = rightColumn; i < left.Length; i += leftWidth, j += rightWidth)
        {
            sum += (double)left[i] * right[j];
        }

        return sum;
    }

    /// <summary>The sum of the products of a vector and a column of a matrix with as many rows.</summary>
    public static double OfColumn(ReadOnlySpan<float> vector, ReadOnlySpan<float> matrix, int width, int column) =>
        OfColumns(vector, 1, 0, matrix, width, column);
}
