using Mfn.Core.Randomness;
using Mfn.Core.Specs;

namespace Mfn.Core.Networks;

/// <summary>
/// Predicts one number from a sequence of vectors: a linear layer on each, sparse attention among them, their mean, and a perceptron
/// with two hidden layers. A batch is its samples' sequences, one after the other, row-major. Not thread-safe.
/// </summary>
public sealed class RegressionNetwork
{
    private readonly LinearLayer _input;
    private readonly AttentionLayer? _attention;
    private readonly LinearLayer _firstHidden;
    private readonly LinearLayer _secondHidden;
    private readonly LinearLayer _output;

    /// <summary>A network whose layers are drawn from the input to the output.</summary>
    /// <exception cref="ArgumentException">The spec has problems; the message lists them all.</exception>
    public RegressionNetwork(NetworkSpec spec, MersenneTwister random)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(random);
        spec.FindProblems().ThrowIfAny(nameof(spec));
        Spec = spec;

        _input = new LinearLayer(spec.InputWidth, spec.HiddenWidth, random);
        _attention = spec.HasAttention ? new AttentionLayer(spec.HiddenWidth, spec.AttendedCount, random) : null;
        _firstHidden = new LinearLayer(spec.HiddenWidth, spec.HiddenWidth, random);
        _secondHidden = new LinearLayer(spec.HiddenWidth, spec.HiddenWidth / 2, random);
        _output = new LinearLayer(spec.HiddenWidth / 2, 1, random);
        Parameters =
        [
            .. _input.Parameters,
            .. _attention?.Parameters ?? [],
            .. _firstHidden.Parameters,
            .. _secondHidden.Parameters,
            .. _output.Parameters,
        ];
    }

    /// <summary>The network's shape.</summary>
    public NetworkSpec Spec { get; }

    /// <summary>
    /// Weights and biases of every layer, from the input to the output; those of the attention are its queries', keys', values' and
    /// output's.
    /// </summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>Predicts a number for every sample.</summary>
    /// <param name="inputs">The samples' sequences of vectors of the input width.</param>
    /// <param name="predictions">Receives a number per sample; at least one.</param>
    /// <param name="sequenceLength">The vectors of a sample; at least 1.</param>
    /// <exception cref="ArgumentException">The inputs are not as many as the predictions need.</exception>
    public void Predict(ReadOnlySpan<float> inputs, Span<float> predictions, int sequenceLength = 1) =>
        Forward(inputs, predictions.Length, sequenceLength).Predictions.CopyTo(predictions);

    /// <summary>Sets the gradients of all parameters for a batch.</summary>
    /// <param name="inputs">The samples' sequences of vectors of the input width.</param>
    /// <param name="targets">What should be predicted, a number per sample; at least one.</param>
    /// <param name="sequenceLength">The vectors of a sample; at least 1.</param>
    /// <returns>The <see cref="MeanSquaredError"/> of the predictions before any step.</returns>
    /// <exception cref="ArgumentException">The inputs are not as many as the targets need.</exception>
    public float ComputeGradients(ReadOnlySpan<float> inputs, ReadOnlySpan<float> targets, int sequenceLength = 1)
    {
        var pass = Forward(inputs, targets.Length, sequenceLength);
        Backpropagate(inputs, targets, pass);
        return MeanSquaredError.Compute(pass.Predictions, targets);
    }

    private Pass Forward(ReadOnlySpan<float> inputs, int sampleCount, int sequenceLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sequenceLength);
        if (sampleCount == 0 || inputs.Length != (long)sampleCount * sequenceLength * Spec.InputWidth)
        {
            throw new ArgumentException(
                $"{sampleCount} samples of {sequenceLength} vectors of width {Spec.InputWidth} cannot be {inputs.Length} inputs.",
                nameof(inputs));
        }

        var pass = new Pass(Spec, sampleCount, sequenceLength);
        _input.Forward(inputs, pass.Projected);
        _attention?.Forward(pass.Projected, pass.Attention, pass.Attended);
        AverageSequences(pass);
        _firstHidden.Forward(pass.Averaged, pass.FirstHidden);
        Rectify(pass.FirstHidden);
        _secondHidden.Forward(pass.FirstHidden, pass.SecondHidden);
        Rectify(pass.SecondHidden);
        _output.Forward(pass.SecondHidden, pass.Predictions);
        return pass;
    }

    /// <summary>The chain rule, from the loss back to the inputs.</summary>
    private void Backpropagate(ReadOnlySpan<float> inputs, ReadOnlySpan<float> targets, Pass pass)
    {
        var predictionGradients = new float[pass.Predictions.Length];
        var secondHiddenGradients = new float[pass.SecondHidden.Length];
        var firstHiddenGradients = new float[pass.FirstHidden.Length];
        var averagedGradients = new float[pass.Averaged.Length];
        var projectedGradients = new float[pass.Projected.Length];

        MeanSquaredError.Differentiate(pass.Predictions, targets, predictionGradients);
        _output.Backpropagate(pass.SecondHidden, predictionGradients, secondHiddenGradients);
        BlockWhereRectified(pass.SecondHidden, secondHiddenGradients);
        _secondHidden.Backpropagate(pass.FirstHidden, secondHiddenGradients, firstHiddenGradients);
        BlockWhereRectified(pass.FirstHidden, firstHiddenGradients);
        _firstHidden.Backpropagate(pass.Averaged, firstHiddenGradients, averagedGradients);
        if (_attention is null)
        {
            SpreadOverSequences(averagedGradients, pass.SequenceLength, projectedGradients);
        }
        else
        {
            var attendedGradients = new float[pass.Attended.Length];
            SpreadOverSequences(averagedGradients, pass.SequenceLength, attendedGradients);
            _attention.Backpropagate(pass.Projected, pass.Attention, attendedGradients, projectedGradients);
        }

        _input.Backpropagate(inputs, projectedGradients);
    }

    private void AverageSequences(Pass pass)
    {
        var width = Spec.HiddenWidth;
        for (var i = 0; i < pass.Averaged.Length; i++)
        {
            var (sample, column) = (i / width, i % width);
            var sum = 0.0;
            for (var position = 0; position < pass.SequenceLength; position++)
            {
                sum += pass.Attended[(((sample * pass.SequenceLength) + position) * width) + column];
            }

            pass.Averaged[i] = (float)(sum / pass.SequenceLength);
        }
    }

    private void SpreadOverSequences(ReadOnlySpan<float> gradients, int sequenceLength, Span<float> destination)
    {
        var width = Spec.HiddenWidth;
        for (var i = 0; i < destination.Length; i++)
        {
            var (sample, column) = (i / (width * sequenceLength), i % width);
            destination[i] = gradients[(sample * width) + column] / sequenceLength;
        }
    }

    /// <summary>max(x, 0); NaN stays NaN.</summary>
    private static void Rectify(Span<float> values)
    {
        foreach (ref var value in values)
        {
            value = value < 0 ? 0 : value;
        }
    }

    private static void BlockWhereRectified(ReadOnlySpan<float> rectified, Span<float> gradients)
    {
        for (var i = 0; i < gradients.Length; i++)
        {
            if (rectified[i] <= 0)
            {
                gradients[i] = 0;
            }
        }
    }

    /// <summary>What a forward pass computes, and leaves for the backward pass.</summary>
    private sealed class Pass
    {
        public Pass(NetworkSpec spec, int sampleCount, int sequenceLength)
        {
            SequenceLength = sequenceLength;
            Projected = new float[checked(sampleCount * sequenceLength * spec.HiddenWidth)];
            Attention = new AttentionLayer.Trace(spec.HasAttention ? Projected.Length : 0, sequenceLength, spec.HiddenWidth);
            Attended = spec.HasAttention ? new float[Projected.Length] : Projected;
            Averaged = new float[sampleCount * spec.HiddenWidth];
            FirstHidden = new float[sampleCount * spec.HiddenWidth];
            SecondHidden = new float[sampleCount * (spec.HiddenWidth / 2)];
            Predictions = new float[sampleCount];
        }

        public int SequenceLength { get; }

        public float[] Projected { get; }

        public AttentionLayer.Trace Attention { get; }

        /// <summary>Without attention these are the projected vectors themselves.</summary>
        public float[] Attended { get; }

        public float[] Averaged { get; }

        public float[] FirstHidden { get; }

        public float[] SecondHidden { get; }

        public float[] Predictions { get; }
    }
}
