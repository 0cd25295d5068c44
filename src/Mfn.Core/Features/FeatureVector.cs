using System.Collections.Immutable;

namespace Mfn.Core.Features;

/// <summary>The 18 features of a field or of a history of fields, in the order of <see cref="FeatureDefinition.All"/>. Immutable.</summary>
/// <remarks>Static features describe the last frame, dynamic ones (dV_mean, dV_max, T_stable, E_trend) the whole history.</remarks>
public sealed class FeatureVector
{
    internal FeatureVector(DefinitionVersion version, ImmutableArray<double> values, UndefinedFeatures undefined)
    {
        Version = version;
        Values = values;
        Undefined = undefined;
    }

    /// <summary>By which definitions the values were computed.</summary>
    public DefinitionVersion Version { get; }

    /// <summary>All 18 values, counts included, as doubles.</summary>
    public ImmutableArray<double> Values { get; }

    /// <summary>Which values are stand-ins because the history does not define them.</summary>
    public UndefinedFeatures Undefined { get; }

    /// <summary>D_box: the box-counting dimension of the active cells; 0 if undefined.</summary>
    public double BoxDimension => Values[0];

    /// <summary>D_r2: the coefficient of determination of its fit, in [0, 1]; 0 if undefined.</summary>
    public double BoxFitRSquared => Values[1];

    /// <summary>V_min in mV.</summary>
    public double MinPotential => Values[2];

    /// <summary>V_max in mV.</summary>
    public double MaxPotential => Values[3];

    /// <summary>V_mean in mV.</summary>
    public double MeanPotential => Values[4];

    /// <summary>V_std in mV: the population standard deviation over the cells.</summary>
    public double PotentialStandardDeviation => Values[5];

    /// <summary>V_skew: the third central moment in units of V_std.</summary>
    public double PotentialSkewness => Values[6];

    /// <summary>V_kurt: the fourth central moment in units of V_std, less the 3 of a normal distribution.</summary>
    public double PotentialExcessKurtosis => Values[7];

    /// <summary>dV_mean in mV: the mean absolute difference between successive frames.</summary>
    public double MeanChange => Values[8];

    /// <summary>dV_max in mV: the greatest absolute difference of a cell between successive frames.</summary>
    public double MaxChange => Values[9];

    /// <summary>T_stable: the number, from 1, of the first frame of the first quiet window; the number of frames if there is none.</summary>
    public double StabilityFrame => Values[10];

    /// <summary>E_trend in mV² a frame: the slope of the sum of squared potentials.</summary>
    public double EnergyTrend => Values[11];

    /// <summary>f_active: the share of cells above the low threshold, in [0, 1].</summary>
    public double ActiveShare => Values[12];

    /// <summary>N_clusters_low: the clusters above the low threshold.</summary>
    public double LowClusterCount => Values[13];

    /// <summary>N_clusters_med: the clusters above the medium threshold.</summary>
    public double MediumClusterCount => Values[14];

    /// <summary>N_clusters_high: the clusters above the high threshold.</summary>
    public double HighClusterCount => Values[15];

    /// <summary>max_cluster_size: the cells of the largest cluster above the low threshold; 0 if there is none.</summary>
    public double MaxClusterSize => Values[16];

    /// <summary>cluster_size_std: the population standard deviation of the sizes of the clusters above the low threshold, in cells.</summary>
    public double ClusterSizeStandardDeviation => Values[17];

    /// <summary>One feature by its place in <see cref="FeatureDefinition.All"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such feature.</exception>
    public double this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, FeatureDefinition.Count);
            return Values[index];
        }
    }

    /// <summary>One feature by its name in the schema, such as "D_box".</summary>
    /// <exception cref="ArgumentException">There is no such feature.</exception>
    public double this[string name]
    {
        get
        {
            foreach (var definition in FeatureDefinition.All)
            {
                if (definition.Name == name)
                {
                    return Values[definition.Index];
                }
            }

            throw new ArgumentException($"There is no feature named {name}.", nameof(name));
        }
    }

    /// <summary>The features of frames that follow one another in one span: the same bits as of a <see cref="FeatureExtractor"/>.</summary>
    /// <param name="history">One or more frames of potentials in volts, each row after row.</param>
    /// <param name="rowCount">The rows of a frame; at least 1.</param>
    /// <param name="columnCount">The columns of a frame; at least 1.</param>
    /// <param name="options">The reference's if null.</param>
    /// <exception cref="ArgumentException">
    /// The options have problems, the history is not a whole number of frames, or a cell is not finite and the options do not allow that.
    /// </exception>
    public static FeatureVector Of(ReadOnlySpan<double> history, int rowCount, int columnCount, FeatureOptions? options = null)
    {
        var extractor = new FeatureExtractor(rowCount, columnCount, options);
        var cellCount = rowCount * columnCount;
        if (history.IsEmpty || history.Length % cellCount != 0)
        {
            throw new ArgumentException(
                $"A history must be one or more frames of {rowCount} x {columnCount} cells, but has {history.Length} cells.", nameof(history));
        }

        for (; !history.IsEmpty; history = history[cellCount..])
        {
            extractor.Add(history[..cellCount]);
        }

        return extractor.Extract();
    }
}
