namespace Mfn.Core.Networks;

/// <summary>Moves parameters against their gradients, each by its own step width. Not thread-safe.</summary>
/// <remarks>D. P. Kingma and J. Ba, "Adam: A Method for Stochastic Optimization", 2015, with the constants they propose.</remarks>
public sealed class AdamOptimizer
{
    /// <summary>The step width of the paper and of the reference.</summary>
    public const double DefaultLearningRate = 1e-3;

    private const double FirstMomentDecay = 0.9;
    private const double SecondMomentDecay = 0.999;
    private const float Epsilon = 1e-8f;

    private readonly double _learningRate;
    private readonly Moments[] _moments;
    private double _firstMomentDecayPower = 1.0;
    private double _secondMomentDecayPower = 1.0;

    /// <summary>An optimizer before its first step.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The learning rate is not above 0, or not finite.</exception>
    public AdamOptimizer(IEnumerable<Parameter> parameters, double learningRate = DefaultLearningRate)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        if (!(learningRate > 0 && double.IsFinite(learningRate)))
        {
            throw new ArgumentOutOfRangeException(nameof(learningRate), learningRate, "The learning rate must be finite and above 0.");
        }

        _learningRate = learningRate;
        _moments = [.. parameters.Select(parameter => new Moments(parameter))];
    }

    /// <summary>Changes the parameters by one step, given the gradients that they hold.</summary>
    public void TakeStep()
    {
        _firstMomentDecayPower *= FirstMomentDecay;
        _secondMomentDecayPower *= SecondMomentDecay;
        var stepWidth = (float)(_learningRate / (1.0 - _firstMomentDecayPower));
        var secondMomentScale = (float)Math.Sqrt(1.0 - _secondMomentDecayPower);
        foreach (var moments in _moments)
        {
            moments.Update(stepWidth, secondMomentScale);
        }
    }

    /// <summary>The decaying means of one parameter's gradients and of their squares.</summary>
    private sealed class Moments(Parameter parameter)
    {
        private readonly float[] _first = new float[parameter.Values.Length];
        private readonly float[] _second = new float[parameter.Values.Length];

        public void Update(float stepWidth, float secondMomentScale)
        {
            var values = parameter.Values;
            var gradients = parameter.Gradients;
            for (var i = 0; i < values.Length; i++)
            {
                _first[i] = (_first[i] * (float)FirstMomentDecay) + (gradients[i] * (float)(1.0 - FirstMomentDecay));
                _second[i] = (_second[i] * (float)SecondMomentDecay)
                    + (gradients[i] * gradients[i] * (float)(1.0 - SecondMomentDecay));
                values[i] -= stepWidth * (_first[i] / ((MathF.Sqrt(_second[i]) / secondMomentScale) + Epsilon));
            }
        }
    }
}
