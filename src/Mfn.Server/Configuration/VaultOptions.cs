namespace Mfn.Server.Configuration;

/// <summary>The Vault that settings refer to with vault:, and who the server is there: one of a token, Kubernetes and AppRole.</summary>
internal sealed class VaultOptions
{
    public const string Section = "Vault";

    [Setting("the Vault that `vault:` refers to ([secrets](secrets.md#vault)); `https://`, or `http://` of this machine", Values = "URL")]
    public string? Address { get; set; }

    [Setting("the token that the server shows to Vault, such as Vault Agent writes it; followed", Values = "text file")]
    public string? TokenFile { get; set; }

    [Setting("the role for which the server logs in to Vault with the token of its Kubernetes service account")]
    public string? KubernetesRole { get; set; }

    [Setting("that token", Values = "text file")]
    public string KubernetesTokenFile { get; set; } = "/var/run/secrets/kubernetes.io/serviceaccount/token";

    [Setting("where that method is mounted in Vault")]
    public string KubernetesMount { get; set; } = "kubernetes";

    [Setting("the role for which the server logs in to Vault with `Vault:AppRoleSecretId` (AppRole)")]
    public string? AppRoleId { get; set; }

    [Setting("the secret id with which it does; shown nowhere", IsSecret = true)]
    public string? AppRoleSecretId { get; set; }

    [Setting("where that method is mounted in Vault")]
    public string AppRoleMount { get; set; } = "approle";

    [Setting("the namespace in Vault (Enterprise)")]
    public string? Namespace { get; set; }

    [Setting("authorities of Vault's certificate", Default = "those of the system", Values = "PEM file")]
    public string? AuthorityFile { get; set; }
}
