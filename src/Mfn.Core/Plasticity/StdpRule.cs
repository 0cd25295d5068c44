using System.Numerics;
using Mfn.Core.Specs;

namespace Mfn.Core.Plasticity;

/// <summary>
/// Spike-timing-dependent plasticity of pairs: a synapse gains weight when the presynaptic spike comes first and loses weight when it
/// comes last. Immutable: any number of threads may use it.
/// </summary>
/// <remarks>
/// G. Bi and M. Poo, "Synaptic modifications in cultured hippocampal neurons", 1998; S. Song, K. D. Miller and L. F. Abbott,
/// "Competitive Hebbian learning through spike-timing-dependent synaptic plasticity", 2000.
/// </remarks>
public sealed class StdpRule
{
    // Farther apart than this many time constants, spikes count as if they were this far apart.
    private const int LargestExponent = 50;

    /// <summary>A rule with the given constants.</summary>
    /// <exception cref="ArgumentException">The spec has problems; the message lists them all.</exception>
    public StdpRule(StdpSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        spec.FindProblems().ThrowIfAny(nameof(spec));
        Spec = spec;
    }

    /// <summary>The rule's constants.</summary>
    public StdpSpec Spec { get; }

    /// <summary>
    /// The change of every weight between presynaptic and postsynaptic neurons, averaged over a batch: for a pair of spikes that are
    /// Δt = post - pre apart, A+ exp(-Δt/τ+) if Δt is above 0, -A- exp(Δt/τ-) if below, 0 if it is 0, and NaN if it is NaN.
    /// </summary>
    /// <param name="presynapticTimes">Spike times in seconds, one per sample and neuron, row after row.</param>
    /// <param name="postsynapticTimes">The same of the postsynaptic neurons, for as many samples.</param>
    /// <param name="batchSize">The number of samples; at least 1.</param>
    /// <param name="destination">Receives the changes: a row per presynaptic neuron, with an element per postsynaptic neuron.</param>
    /// <exception cref="ArgumentException">A span's length does not fit.</exception>
    public void ComputeWeightChanges(
        ReadOnlySpan<float> presynapticTimes, ReadOnlySpan<float> postsynapticTimes, int batchSize, Span<float> destination) =>
        Compute(presynapticTimes, postsynapticTimes, batchSize, destination);

    /// <summary>The same in double precision.</summary>
    /// <inheritdoc cref="ComputeWeightChanges(ReadOnlySpan{float}, ReadOnlySpan{float}, int, Span{float})"/>
    public void ComputeWeightChanges(
        ReadOnlySpan<double> presynapticTimes, ReadOnlySpan<double> postsynapticTimes, int batchSize, Span<double> destination) =>
        Compute(presynapticTimes, postsynapticTimes, batchSize, destination);

    private void Compute<T>(
        ReadOnlySpan<T> presynapticTimes, ReadOnlySpan<T> postsynapticTimes, int batchSize, Span<T> destination)
        where T : struct, IFloatingPointIeee754<T>
    {
        var presynapticCount = NeuronCount(presynapticTimes.Length, batchSize, nameof(presynapticTimes));
        var postsynapticCount = NeuronCount(postsynapticTimes.Length, batchSize, nameof(postsynapticTimes));
        if (destination.Length != (long)presynapticCount * postsynapticCount)
        {
            throw new ArgumentException(
                $"{presynapticCount} x {postsynapticCount} weights need as many elements, but there are {destination.Length}.",
                nameof(destination));
        }

        var window = new Window<T>(Spec);
        for (var pre = 0; pre < presynapticCount; pre++)
        {
            for (var post = 0; post < postsynapticCount; post++)
            {
                var sum = T.Zero;
                for (var sample = 0; sample < batchSize; sample++)
                {
                    var presynapticTime = presynapticTimes[(sample * presynapticCount) + pre];
                    var postsynapticTime = postsynapticTimes[(sample * postsynapticCount) + post];
                    sum += window.WeightChange(postsynapticTime - presynapticTime);
                }

                destination[(pre * postsynapticCount) + post] = sum / T.CreateChecked(batchSize);
            }
        }
    }

    private static int NeuronCount(int timeCount, int batchSize, string name)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        return timeCount % batchSize == 0
            ? timeCount / batchSize
            : throw new ArgumentException($"{timeCount} times cannot be rows of {batchSize} samples.", name);
    }

    /// <summary>The weight change as a function of the time between the spikes.</summary>
    private readonly struct Window<T>(StdpSpec spec)
        where T : struct, IFloatingPointIeee754<T>
    {
        private readonly T _potentiationTimeConstant = T.CreateChecked(spec.PotentiationTimeConstant);
        private readonly T _depressionTimeConstant = T.CreateChecked(spec.DepressionTimeConstant);
        private readonly T _potentiationAmplitude = T.CreateChecked(spec.PotentiationAmplitude);
        private readonly T _depressionAmplitude = T.CreateChecked(spec.DepressionAmplitude);
        private readonly T _lowestExponent = T.CreateChecked(-LargestExponent);

        public T WeightChange(T timeDifference)
        {
            if (timeDifference > T.Zero)
            {
                return _potentiationAmplitude * Decay(-timeDifference / _potentiationTimeConstant);
            }

            // What is neither above nor below 0 is 0 or NaN, and so is the change.
            return timeDifference < T.Zero
                ? -_depressionAmplitude * Decay(timeDifference / _depressionTimeConstant)
                : timeDifference;
        }

        /// <summary>The exponential of a number below 0.</summary>
        private T Decay(T exponent) => T.Exp(T.Max(exponent, _lowestExponent));
    }
}
