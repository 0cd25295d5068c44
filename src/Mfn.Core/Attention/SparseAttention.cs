namespace Mfn.Core.Attention;

/// <summary>
/// Scaled dot-product attention in which every query attends only to the keys with the largest scores. A sequence of n vectors of
/// width d is n rows of d floats; scores and weights are a row per query with an element per key.
/// </summary>
/// <remarks>
/// A. Vaswani et al., "Attention Is All You Need", 2017; G. Zhao et al., "Explicit Sparse Transformer", 2019, for the selection.
/// </remarks>
public static class SparseAttention
{
    /// <summary>Attends: <see cref="Score"/>, <see cref="Weigh"/>, <see cref="Mix"/>.</summary>
    /// <param name="queries">n rows of width d.</param>
    /// <param name="keys">n rows of width d.</param>
    /// <param name="values">n rows of width d.</param>
    /// <param name="width">d; at least 1.</param>
    /// <param name="attendedCount">How many keys a query attends to; at least 1. With n or more it is ordinary attention.</param>
    /// <param name="destination">Receives n rows of width d.</param>
    /// <exception cref="ArgumentException">A span's length does not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The width or the attended count is below 1.</exception>
    public static void Attend(
        ReadOnlySpan<float> queries,
        ReadOnlySpan<float> keys,
        ReadOnlySpan<float> values,
        int width,
        int attendedCount,
        Span<float> destination)
    {
        var length = SequenceLength(queries, width);
        var scores = new float[length * length];
        var weights = new float[length * length];
        Score(queries, keys, width, scores);
        Weigh(scores, length, attendedCount, weights);
        Mix(weights, values, width, destination);
    }

    /// <summary>The scores q·k / √d of every query with every key.</summary>
    /// <param name="queries">n rows of width d.</param>
    /// <param name="keys">n rows of width d.</param>
    /// <param name="width">d; at least 1.</param>
    /// <param name="destination">Receives n rows of n scores.</param>
    /// <exception cref="ArgumentException">A span's length does not fit.</exception>
    public static void Score(ReadOnlySpan<float> queries, ReadOnlySpan<float> keys, int width, Span<float> destination)
    {
        var length = SequenceLength(queries, width);
        RequireLength(keys.Length, queries.Length, nameof(keys));
        RequireLength(destination.Length, length * length, nameof(destination));

        var scale = Math.Sqrt(width);
        for (var query = 0; query < length; query++)
        {
            for (var key = 0; key < length; key++)
            {
                var product = DotProduct.Of(Row(queries, query, width), Row(keys, key, width));
                destination[(query * length) + key] = (float)(product / scale);
            }
        }
    }

    /// <summary>
    /// The weights of every query: the softmax over its largest scores, and 0 for the other keys. A row whose softmax is not a number,
    /// because of a NaN or of infinities, becomes 0.
    /// </summary>
    /// <param name="scores">n rows of n scores.</param>
    /// <param name="length">n; at least 1.</param>
    /// <param name="attendedCount">How many scores of a row count, see <see cref="SelectLargest"/>; at least 1.</param>
    /// <param name="destination">Receives n rows of n weights that add up to 1.</param>
    /// <exception cref="ArgumentException">A span's length does not fit.</exception>
    public static void Weigh(ReadOnlySpan<float> scores, int length, int attendedCount, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(attendedCount);
        RequireLength(scores.Length, length * length, nameof(scores));
        RequireLength(destination.Length, scores.Length, nameof(destination));

        destination.Clear();
        var attended = new int[Math.Min(attendedCount, length)];
        for (var query = 0; query < length; query++)
        {
            var row = Row(scores, query, length);
            SelectLargest(row, attended);
            Softmax(row, attended, destination.Slice(query * length, length));
        }
    }

    /// <summary>
    /// The indices of the largest scores, in ascending order. NaN counts as larger than any number; of equal scores the first ones count.
    /// </summary>
    /// <param name="scores">At least as many as indices are wanted.</param>
    /// <param name="destination">Receives the indices.</param>
    /// <exception cref="ArgumentException">More indices are wanted than there are scores.</exception>
    public static void SelectLargest(ReadOnlySpan<float> scores, Span<int> destination)
    {
        if (destination.Length > scores.Length)
        {
            throw new ArgumentException(
                $"{destination.Length} of {scores.Length} scores cannot be selected.", nameof(destination));
        }

        var keptCount = 0;
        for (var i = 0; i < scores.Length; i++)
        {
            var rank = keptCount;
            while (rank > 0 && IsLarger(scores[i], scores[destination[rank - 1]]))
            {
                rank--;
            }

            if (rank < destination.Length)
            {
                keptCount = Math.Min(keptCount + 1, destination.Length);
                destination[rank..(keptCount - 1)].CopyTo(destination[(rank + 1)..]);
                destination[rank] = i;
            }
        }

        destination.Sort();
    }

    /// <summary>The values, mixed with the weights of each query. A NaN in a value reaches every query, since 0 NaN = NaN.</summary>
    /// <param name="weights">n rows of n weights.</param>
    /// <param name="values">n rows of width d.</param>
    /// <param name="width">d; at least 1.</param>
    /// <param name="destination">Receives n rows of width d.</param>
    /// <exception cref="ArgumentException">A span's length does not fit.</exception>
    public static void Mix(ReadOnlySpan<float> weights, ReadOnlySpan<float> values, int width, Span<float> destination)
    {
        var length = SequenceLength(values, width);
        RequireLength(weights.Length, length * length, nameof(weights));
        RequireLength(destination.Length, values.Length, nameof(destination));

        for (var i = 0; i < destination.Length; i++)
        {
            destination[i] = (float)DotProduct.OfColumn(Row(weights, i / width, length), values, width, i % width);
        }
    }

    /// <summary>The gradients of a loss by queries, keys and values, from its gradient by the output of <see cref="Attend"/>.</summary>
    /// <param name="queries">n rows of width d, as they were.</param>
    /// <param name="keys">n rows of width d, as they were.</param>
    /// <param name="values">n rows of width d, as they were.</param>
    /// <param name="weights">The n rows of n weights that came out.</param>
    /// <param name="outputGradients">n rows of width d.</param>
    /// <param name="width">d.</param>
    /// <param name="queryGradients">Receives n rows of width d.</param>
    /// <param name="keyGradients">Receives n rows of width d.</param>
    /// <param name="valueGradients">Receives n rows of width d.</param>
    internal static void Backpropagate(
        ReadOnlySpan<float> queries,
        ReadOnlySpan<float> keys,
        ReadOnlySpan<float> values,
        ReadOnlySpan<float> weights,
        ReadOnlySpan<float> outputGradients,
        int width,
        Span<float> queryGradients,
        Span<float> keyGradients,
        Span<float> valueGradients)
    {
        var length = SequenceLength(queries, width);
        var scoreGradients = new float[length * length];
        for (var query = 0; query < length; query++)
        {
            BackpropagateSoftmax(
                Row(weights, query, length),
                Row(outputGradients, query, width),
                values,
                scoreGradients.AsSpan(query * length, length));
        }

        var scale = Math.Sqrt(width);
        for (var i = 0; i < queries.Length; i++)
        {
            var (row, column) = (i / width, i % width);
            queryGradients[i] = (float)(DotProduct.OfColumn(Row<float>(scoreGradients, row, length), keys, width, column) / scale);
            keyGradients[i] = (float)(DotProduct.OfColumns(scoreGradients, length, row, queries, width, column) / scale);
            valueGradients[i] = (float)DotProduct.OfColumns(weights, length, row, outputGradients, width, column);
        }
    }

    private static void Softmax(ReadOnlySpan<float> scores, ReadOnlySpan<int> attended, Span<float> weights)
    {
        var largest = double.NegativeInfinity;
        foreach (var key in attended)
        {
            largest = Math.Max(largest, scores[key]);
        }

        var sum = 0.0;
        foreach (var key in attended)
        {
            sum += Math.Exp(scores[key] - largest);
        }

        if (double.IsNaN(sum))
        {
            return;
        }

        foreach (var key in attended)
        {
            weights[key] = (float)(Math.Exp(scores[key] - largest) / sum);
        }
    }

    /// <summary>With g = the gradient by a weight, the gradient by its score is w (g - Σ w g).</summary>
    private static void BackpropagateSoftmax(
        ReadOnlySpan<float> weights, ReadOnlySpan<float> outputGradient, ReadOnlySpan<float> values, Span<float> destination)
    {
        var weightGradients = new double[weights.Length];
        var mean = 0.0;
        for (var key = 0; key < weights.Length; key++)
        {
            weightGradients[key] = DotProduct.Of(outputGradient, Row(values, key, outputGradient.Length));
            mean += weights[key] * weightGradients[key];
        }

        for (var key = 0; key < weights.Length; key++)
        {
            destination[key] = (float)(weights[key] * (weightGradients[key] - mean));
        }
    }

    private static bool IsLarger(float left, float right) => float.IsNaN(left) ? !float.IsNaN(right) : left > right;

    private static ReadOnlySpan<T> Row<T>(ReadOnlySpan<T> rows, int row, int width) => rows.Slice(row * width, width);

    private static int SequenceLength(ReadOnlySpan<float> rows, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        return !rows.IsEmpty && rows.Length % width == 0
            ? rows.Length / width
            : throw new ArgumentException($"{rows.Length} elements are not rows of width {width}.", nameof(rows));
    }

    private static void RequireLength(int length, int expected, string name)
    {
        if (length != expected)
        {
            throw new ArgumentException($"There must be {expected} elements, but there are {length}.", name);
        }
    }
}
