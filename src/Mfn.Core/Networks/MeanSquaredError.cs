namespace Mfn.Core.Networks;

/// <summary>The mean of the squared differences between predictions and targets.</summary>
public static class MeanSquaredError
{
    /// <summary>The loss.</summary>
    /// <exception cref="ArgumentException">There are no predictions, or not as many targets.</exception>
    public static float Compute(ReadOnlySpan<float> predictions, ReadOnlySpan<float> targets)
    {
        if (predictions.IsEmpty || predictions.Length != targets.Length)
        {
            throw new ArgumentException(
                $"{predictions.Length} predictions and {targets.Length} targets cannot be compared.", nameof(targets));
        }

        var sum = 0.0;
        for (var i = 0; i < predictions.Length; i++)
        {
            var difference = (double)predictions[i] - targets[i];
            sum += difference * difference;
        }

        return (float)(sum / predictions.Length);
    }

    /// <summary>The gradient of the loss by the predictions.</summary>
    internal static void Differentiate(ReadOnlySpan<float> predictions, ReadOnlySpan<float> targets, Span<float> destination)
    {
        for (var i = 0; i < destination.Length; i++)
        {
            destination[i] = (float)(2.0 * ((double)predictions[i] - targets[i]) / predictions.Length);
        }
    }
}
