using Mfn.Core.Attention;
using Mfn.Core.Randomness;

namespace Mfn.Core.Networks;

/// <summary>y = x Wᵀ + b on every row x of a matrix.</summary>
public sealed class LinearLayer
{
    /// <summary>A layer whose weights, and then biases, are drawn uniformly between ∓1/√(input width).</summary>
    /// <exception cref="ArgumentOutOfRangeException">A width is below 1.</exception>
    public LinearLayer(int inputWidth, int outputWidth, MersenneTwister random)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputWidth);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputWidth);
        ArgumentNullException.ThrowIfNull(random);

        InputWidth = inputWidth;
        OutputWidth = outputWidth;
        Weights = new Parameter(checked(inputWidth * outputWidth));
        Biases = new Parameter(outputWidth);
        var bound = (float)(1.0 / Math.Sqrt(inputWidth));
        Draw(Weights, bound, random);
        Draw(Biases, bound, random);
    }

    /// <summary>The length of an input row.</summary>
    public int InputWidth { get; }

    /// <summary>The length of an output row.</summary>
    public int OutputWidth { get; }

    /// <summary>W: a row per output with an element per input.</summary>
    public Parameter Weights { get; }

    /// <summary>b: an element per output.</summary>
    public Parameter Biases { get; }

    /// <summary>Weights and biases.</summary>
    public IEnumerable<Parameter> Parameters => [Weights, Biases];

    /// <summary>Computes the output rows.</summary>
    /// <param name="inputs">Rows of the input width.</param>
    /// <param name="outputs">Receives as many rows of the output width.</param>
    /// <exception cref="ArgumentException">A span's length does not fit.</exception>
    public void Forward(ReadOnlySpan<float> inputs, Span<float> outputs)
    {
        if (inputs.Length % InputWidth != 0 || outputs.Length != inputs.Length / InputWidth * OutputWidth)
        {
            throw new ArgumentException(
                $"{inputs.Length} inputs and {outputs.Length} outputs are not rows of width {InputWidth} and {OutputWidth}.",
                nameof(outputs));
        }

        for (var i = 0; i < outputs.Length; i++)
        {
            var (row, output) = (i / OutputWidth, i % OutputWidth);
            var product = DotProduct.Of(
                inputs.Slice(row * InputWidth, InputWidth), Weights.Values.Slice(output * InputWidth, InputWidth));
            outputs[i] = (float)(product + Biases.Values[output]);
        }
    }

    /// <summary>Sets the gradients of weights and biases, summed over the rows.</summary>
    internal void Backpropagate(ReadOnlySpan<float> inputs, ReadOnlySpan<float> outputGradients)
    {
        for (var i = 0; i < Weights.Gradients.Length; i++)
        {
            var (output, input) = (i / InputWidth, i % InputWidth);
            Weights.Gradients[i] =
                (float)DotProduct.OfColumns(outputGradients, OutputWidth, output, inputs, InputWidth, input);
        }

        for (var output = 0; output < OutputWidth; output++)
        {
            var sum = 0.0;
            for (var i = output; i < outputGradients.Length; i += OutputWidth)
            {
                sum += outputGradients[i];
            }

            Biases.Gradients[output] = (float)sum;
        }
    }

    /// <summary>Sets the gradients of weights and biases, and adds those of the inputs to what is there.</summary>
    internal void Backpropagate(
        ReadOnlySpan<float> inputs, ReadOnlySpan<float> outputGradients, Span<float> inputGradients)
    {
        Backpropagate(inputs, outputGradients);
        for (var i = 0; i < inputGradients.Length; i++)
        {
            var (row, input) = (i / InputWidth, i % InputWidth);
            inputGradients[i] += (float)DotProduct.OfColumn(
                outputGradients.Slice(row * OutputWidth, OutputWidth), Weights.Values, InputWidth, input);
        }
    }

    private static void Draw(Parameter parameter, float bound, MersenneTwister random)
    {
        foreach (ref var value in parameter.Values)
        {
            value = random.Uniform(-bound, bound);
        }
    }
}
