using Mfn.Core.Attention;
using Mfn.Core.Randomness;

namespace Mfn.Core.Networks;

/// <summary><see cref="SparseAttention"/> between linear layers, on every sequence of a batch.</summary>
public sealed class AttentionLayer
{
    /// <summary>A layer whose query, key, value and output layers are drawn in this order.</summary>
    /// <param name="width">The width d of the vectors, which all four layers keep; at least 1.</param>
    /// <param name="attendedCount">How many keys a query attends to; at least 1.</param>
    /// <param name="random">The source of weights and biases.</param>
    /// <exception cref="ArgumentOutOfRangeException">The width or the attended count is below 1.</exception>
    public AttentionLayer(int width, int attendedCount, MersenneTwister random)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(attendedCount);
        Width = width;
        AttendedCount = attendedCount;
        Query = new LinearLayer(width, width, random);
        Key = new LinearLayer(width, width, random);
        Value = new LinearLayer(width, width, random);
        Output = new LinearLayer(width, width, random);
    }

    /// <summary>The width d of the vectors.</summary>
    public int Width { get; }

    /// <summary>How many keys a query attends to.</summary>
    public int AttendedCount { get; }

    /// <summary>Makes the queries.</summary>
    public LinearLayer Query { get; }

    /// <summary>Makes the keys.</summary>
    public LinearLayer Key { get; }

    /// <summary>Makes the values.</summary>
    public LinearLayer Value { get; }

    /// <summary>Makes the outputs from the mixed values.</summary>
    public LinearLayer Output { get; }

    /// <summary>The parameters of the four layers, in the order in which they are drawn.</summary>
    public IEnumerable<Parameter> Parameters =>
        [.. Query.Parameters, .. Key.Parameters, .. Value.Parameters, .. Output.Parameters];

    /// <summary>Computes the output sequences.</summary>
    /// <param name="inputs">Sequences of rows of width d, one after the other.</param>
    /// <param name="sequenceLength">The rows n of a sequence; at least 1.</param>
    /// <param name="outputs">Receives as many rows of width d.</param>
    /// <exception cref="ArgumentException">A span's length does not fit.</exception>
    public void Forward(ReadOnlySpan<float> inputs, int sequenceLength, Span<float> outputs)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sequenceLength);
        if (inputs.Length % (sequenceLength * Width) != 0)
        {
            throw new ArgumentException(
                $"{inputs.Length} inputs are not sequences of {sequenceLength} rows of width {Width}.", nameof(inputs));
        }

        Forward(inputs, new Trace(inputs.Length, sequenceLength, Width), outputs);
    }

    internal void Forward(ReadOnlySpan<float> inputs, Trace trace, Span<float> outputs)
    {
        Query.Forward(inputs, trace.Queries);
        Key.Forward(inputs, trace.Keys);
        Value.Forward(inputs, trace.Values);
        var scores = new float[trace.SequenceLength * trace.SequenceLength];
        for (var sequence = 0; sequence < trace.SequenceCount; sequence++)
        {
            SparseAttention.Score(trace.Rows(trace.Queries, sequence), trace.Rows(trace.Keys, sequence), Width, scores);
            SparseAttention.Weigh(scores, trace.SequenceLength, AttendedCount, trace.WeightsOf(sequence));
            SparseAttention.Mix(
                trace.WeightsOf(sequence), trace.Rows(trace.Values, sequence), Width, trace.Rows(trace.Mixed, sequence));
        }

        Output.Forward(trace.Mixed, outputs);
    }

    /// <summary>Sets the gradients of all parameters, and adds those of the inputs to what is there.</summary>
    internal void Backpropagate(
        ReadOnlySpan<float> inputs, Trace trace, ReadOnlySpan<float> outputGradients, Span<float> inputGradients)
    {
        var mixedGradients = new float[inputs.Length];
        var queryGradients = new float[inputs.Length];
        var keyGradients = new float[inputs.Length];
        var valueGradients = new float[inputs.Length];

        Output.Backpropagate(trace.Mixed, outputGradients, mixedGradients);
        for (var sequence = 0; sequence < trace.SequenceCount; sequence++)
        {
            SparseAttention.Backpropagate(
                trace.Rows(trace.Queries, sequence),
                trace.Rows(trace.Keys, sequence),
                trace.Rows(trace.Values, sequence),
                trace.WeightsOf(sequence),
                trace.Rows(mixedGradients, sequence),
                Width,
                trace.Rows(queryGradients, sequence),
                trace.Rows(keyGradients, sequence),
                trace.Rows(valueGradients, sequence));
        }

        Query.Backpropagate(inputs, queryGradients, inputGradients);
        Key.Backpropagate(inputs, keyGradients, inputGradients);
        Value.Backpropagate(inputs, valueGradients, inputGradients);
    }

    /// <summary>What a forward pass leaves for the backward pass.</summary>
    internal sealed class Trace(int elementCount, int sequenceLength, int width)
    {
        private readonly float[] _weights = new float[elementCount / width * sequenceLength];

        public int SequenceLength { get; } = sequenceLength;

        public int SequenceCount { get; } = elementCount / (sequenceLength * width);

        public float[] Queries { get; } = new float[elementCount];

        public float[] Keys { get; } = new float[elementCount];

        public float[] Values { get; } = new float[elementCount];

        public float[] Mixed { get; } = new float[elementCount];

        public Span<float> WeightsOf(int sequence) =>
            _weights.AsSpan(sequence * SequenceLength * SequenceLength, SequenceLength * SequenceLength);

        /// <summary>The rows of one sequence.</summary>
        public Span<float> Rows(float[] elements, int sequence) =>
            elements.AsSpan(sequence * SequenceLength * width, SequenceLength * width);
    }
}
