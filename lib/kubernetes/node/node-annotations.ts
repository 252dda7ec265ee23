/**
 * The content of a node's annotation: addresses of the node itself, ranges from which its pods get
 * theirs, or OVN-Kubernetes' subnets of the node, in which it has addresses too.
 */
export type Holds = 'addresses' | 'ranges' | 'ovn-subnets';

/**
 * Where network plug-ins publish a node's own addresses and its pods' ranges. Beside each key is an
 * example of its value; above each project is the file of its source that defines the keys.
 */
export const NODE_ANNOTATIONS: ReadonlyMap<string, Holds> = new Map(
  Object.entries<Holds>({
    // Calico, and Canal: libcalico-go/lib/backend/k8s/resources/node.go
    'projectcalico.org/IPv4Address': 'addresses', // 192.0.2.10/24
    'projectcalico.org/IPv6Address': 'addresses', // 2001:db8::10/64
    'projectcalico.org/IPv4IPIPTunnelAddr': 'addresses', // 10.244.73.64
    'projectcalico.org/IPv4VXLANTunnelAddr': 'addresses', // 10.244.73.65
    'projectcalico.org/IPv6VXLANTunnelAddr': 'addresses', // fd00:10:244:49::1
    'projectcalico.org/IPv4WireguardInterfaceAddr': 'addresses', // 10.244.73.66
    'projectcalico.org/IPv6WireguardInterfaceAddr': 'addresses', // fd00:10:244:49::2
    'projectcalico.org/Interfaces': 'addresses', // [{"name":"eth0","addresses":["192.0.2.10"]}]

    // Cilium, with annotateK8sNode: pkg/annotation/k8s.go. The health endpoint and the listener of
    // Ingress are the node's agent's and have no pod. The names with io.cilium are the older ones.
    'network.cilium.io/ipv4-cilium-host': 'addresses', // 10.0.1.28
    'network.cilium.io/ipv6-cilium-host': 'addresses', // fd00::1:1c
    'network.cilium.io/ipv4-health-ip': 'addresses', // 10.0.1.9
    'network.cilium.io/ipv6-health-ip': 'addresses', // fd00::1:9
    'network.cilium.io/ipv4-Ingress-ip': 'addresses', // 10.0.1.77
    'network.cilium.io/ipv6-Ingress-ip': 'addresses', // fd00::1:4d
    'network.cilium.io/ipv4-pod-cidr': 'ranges', // 10.0.1.0/24
    'network.cilium.io/ipv6-pod-cidr': 'ranges', // fd00::1:0/112
    'io.cilium.network.ipv4-cilium-host': 'addresses', // 10.0.1.28
    'io.cilium.network.ipv6-cilium-host': 'addresses', // fd00::1:1c
    'io.cilium.network.ipv4-health-ip': 'addresses', // 10.0.1.9
    'io.cilium.network.ipv6-health-ip': 'addresses', // fd00::1:9
    'io.cilium.network.ipv4-Ingress-ip': 'addresses', // 10.0.1.77
    'io.cilium.network.ipv6-Ingress-ip': 'addresses', // fd00::1:4d
    'io.cilium.network.ipv4-pod-cidr': 'ranges', // 10.0.1.0/24
    'io.cilium.network.ipv6-pod-cidr': 'ranges', // fd00::1:0/112

    // OVN-Kubernetes: go-controller/pkg/util/{node,subnet}_annotations.go, and
    // hybrid-overlay/pkg/types/types.go. The gateway router's port in the join network is what pods
    // see of a NodePort's clients (`lb_force_snat_ip=router_ip`, pkg/ovn/gateway.go).
    'k8s.ovn.org/node-subnets': 'ovn-subnets', // {"default":["10.128.2.0/23","fd01:0:0:2::/64"]}
    'k8s.ovn.org/node-gateway-router-lrp-ifaddr': 'addresses', // {"ipv4":"100.64.0.4/16"}
    'k8s.ovn.org/node-gateway-router-lrp-ifaddrs': 'addresses', // {"default":{"ipv4":"100.64.0.4/16"}}
    'k8s.ovn.org/node-transit-switch-port-ifaddr': 'addresses', // {"ipv4":"100.88.0.4/16"}
    'k8s.ovn.org/node-primary-ifaddr': 'addresses', // {"ipv4":"192.0.2.10/24"}
    'k8s.ovn.org/node-encap-ips': 'addresses', // ["192.0.2.10"]
    'k8s.ovn.org/host-cidrs': 'addresses', // ["192.0.2.10/24","2001:db8::10/64"]
    'k8s.ovn.org/host-addresses': 'addresses', // ["192.0.2.10"]
    'k8s.ovn.org/hybrid-overlay-distributed-router-gateway-ip': 'addresses', // 10.128.2.3
    'k8s.ovn.org/hybrid-overlay-node-subnet': 'ranges', // 10.132.0.0/24

    // Kube-OVN, the node's port in the join network: pkg/util/const.go, pkg/controller/node.go
    'ovn.kubernetes.io/ip_address': 'addresses', // 100.64.0.2,fd00:100:64::2

    // Antrea: pkg/agent/types/annotations.go
    'node.antrea.io/transport-addresses': 'addresses', // 192.0.2.10,2001:db8::10

    // Flannel: pkg/subnet/kube/annotations.go
    'flannel.alpha.coreos.com/public-ip': 'addresses', // 192.0.2.10
    'flannel.alpha.coreos.com/public-ipv6': 'addresses', // 2001:db8::10
    'flannel.alpha.coreos.com/node-public-ip': 'addresses', // 192.0.2.10
    'flannel.alpha.coreos.com/node-public-ipv6': 'addresses', // 2001:db8::10
    'flannel.alpha.coreos.com/public-ip-overwrite': 'addresses', // 203.0.113.10
    'flannel.alpha.coreos.com/public-ipv6-overwrite': 'addresses', // 2001:db8::10

    // kube-router: pkg/utils/pod_cidr.go, pkg/controllers/routing/network_routes_controller.go
    'kube-router.io/pod-cidr': 'ranges', // 10.1.2.0/24
    'kube-router.io/pod-cidrs': 'ranges', // 10.1.2.0/24,fd00:1:2::/64
    'kube-router.io/bgp-local-addresses': 'addresses', // 192.0.2.10,198.51.100.10

    // Kilo: pkg/k8s/backend.go
    'kilo.squat.ai/wireguard-ip': 'addresses', // 10.4.0.1/16

    // Submariner, for any plug-in's interface: pkg/routeagent_driver/constants/constants.go
    'submariner.io/cniIfaceIp': 'addresses', // 10.244.1.1

    // GKE's further networks: GoogleCloudPlatform/gke-networking-api, apis/network/v1/annotations.go
    'networking.gke.io/north-interfaces': 'addresses', // [{"network":"b","ipAddress":"10.9.0.4"}]

    // Talos: pkg/machinery/constants/constants.go
    'networking.talos.dev/self-ips': 'addresses', // 192.0.2.10,2001:db8::10
    'networking.talos.dev/kubespan-ip': 'addresses', // fd8e:3a2b::1

    // The kubelet's --node-ip: k8s.io/cloud-provider/api/well_known_annotations.go; k3s and RKE2
    'alpha.kubernetes.io/provided-node-ip': 'addresses', // 192.0.2.10,2001:db8::10
    'k3s.io/internal-ip': 'addresses', // 192.0.2.10,2001:db8::10
    'k3s.io/external-ip': 'addresses', // 203.0.113.10
    'rke2.io/internal-ip': 'addresses', // 192.0.2.10
    'rke2.io/external-ip': 'addresses', // 203.0.113.10
  }),
);

/**
 * A node with OVN-Kubernetes' hybrid overlay has the annotation `mac`; `address`, if it is there, is the
 * overlay's address, which otherwise is out of the node's subnet (hybrid-overlay/pkg/types/types.go).
 */
export const OVN_HYBRID_OVERLAY = {
  mac: 'k8s.ovn.org/hybrid-overlay-distributed-router-gateway-mac',
  address: 'k8s.ovn.org/hybrid-overlay-distributed-router-gateway-ip',
} as const;
