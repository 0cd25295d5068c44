using Mfn.Core.Networks;
using Mfn.Core.Tests.Attention;

namespace Mfn.Core.Tests.Networks;

/// <summary>The loss of a regression network in double precision, as a function of its parameters.</summary>
internal sealed class NaiveNetwork(NetworkSpec spec, double[][] inputs, double[] targets, int sequenceLength)
{
    public double Loss(double[][] parameters) =>
        inputs.Chunk(sequenceLength).Zip(targets, (sequence, target) => Math.Pow(Predict(sequence, parameters) - target, 2)).Average();

    private double Predict(double[][] sequence, double[][] parameters)
    {
        var next = 0;
        double[][] Linear(double[][] rows)
        {
            var (weights, biases) = (parameters[next], parameters[next + 1]);
            next += 2;
            return [.. rows.Select(row => weights.Chunk(row.Length)
                .Zip(biases, (weightRow, bias) => NaiveAttention.Dot(weightRow, row) + bias).ToArray())];
        }

        static double[][] Rectify(double[][] rows) => [.. rows.Select(row => row.Select(x => Math.Max(x, 0)).ToArray())];

        var rows = Linear(sequence);
        if (spec.HasAttention)
        {
            var (queries, keys, values) = (Linear(rows), Linear(rows), Linear(rows));
            rows = Linear(NaiveAttention.Attend(queries, keys, values, spec.AttendedCount));
        }

        double[][] mean = [[.. rows[0].Select((_, column) => rows.Average(row => row[column]))]];
        return Linear(Rectify(Linear(Rectify(Linear(mean)))))[0][0];
    }
}
